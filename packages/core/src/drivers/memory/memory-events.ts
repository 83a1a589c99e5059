import type {
  Cursor,
  EventEnvelope,
  StartPosition,
  StoredEvent,
} from '../../events/contract/event-types.js'
import { describe } from '../../base/names/assert-name.js'
import type { Clock } from '../../base/wait/clock.js'
import { parseJson } from '../../base/validation/parse-json.js'
import type {
  AppendOptions,
  EventBatch,
  EventDriver,
  EventReader,
  EventRecord,
  GroupLedger,
  Retention,
} from '../driver.js'
import { createMemoryParking, MemoryLedger } from './memory-parking.js'
import { waitUnlessAborted } from '../../base/wait/abort-signal.js'
import { closedError } from '../../base/errors/closed-error.js'
import { clearInterval, setInterval } from '../../base/wait/own-timers.js'

const MAX_BATCH_EVENTS = 512
const CURSOR = /^(?:0|[1-9]\d{0,14})$/u

/** A stored event with its retention data. */
interface Entry {
  readonly json: string
  readonly cursor: Cursor
  /** Monotonic, in milliseconds. */
  readonly storedAt: number
}

/** A durable group: as durable as the process. */
interface Group {
  committed: number
  /** The active reader first, then those on standby. */
  readonly readers: MemoryReader[]
  readonly ledger: MemoryLedger
}

/** Creates in-process events, with the rules of the local log. */
export function createMemoryEvents(clock: Clock): EventDriver {
  const log = new MemoryLog(clock)
  return {
    append: (events, options) => log.append(events, options),
    appendSync: (events, options) => log.append(events, options),
    openReader: ({ from, group }) => new MemoryReader(log, log.positionOf(from), group),
    parking: createMemoryParking(
      () => [...log.groups].map(([name, { ledger }]) => [name, ledger] as const),
      () => {
        log.wake()
      },
    ),
    clean: (retention) => log.expire(retention),
  }
}

/** Positions count events from the beginning; a cursor is the position after its event. */
class MemoryLog {
  readonly groups = new Map<string, Group>()
  readonly #clock: Clock
  readonly #waiters = new Set<() => void>()
  /** Increases with every wake-up, so that a reader about to wait misses none. */
  wakeUps = 0
  #entries: Entry[] = []
  /** Position of the oldest kept event. */
  #first = 0
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get first(): number {
    return this.#first
  }

  get end(): number {
    return this.#first + this.#entries.length
  }

  append(records: readonly EventRecord[], { retention }: AppendOptions): Cursor[] {
    const cursors = records.map(({ json }) => {
      const cursor = String(this.end + 1) as Cursor
      this.#entries.push({ json, cursor, storedAt: this.#clock.monotonicMs() })
      this.#bytes += json.length
      return cursor
    })
    this.expire(retention)
    this.wake()
    return cursors
  }

  /**
   * Removes events that are too old and that no group needs, and any while the log is too large; never the newest
   * event.
   */
  expire({ retentionMs, maxBytes }: Retention): number {
    const oldest = this.#clock.monotonicMs() - retentionMs
    const needed = Math.min(...[...this.groups.values()].map(({ committed }) => committed))
    let count = 0
    while (count < this.#entries.length - 1) {
      const entry = this.#entries[count]
      if (entry === undefined) break
      const isOld = entry.storedAt < oldest && this.#first + count < needed
      if (!isOld && this.#bytes <= maxBytes) break
      this.#bytes -= entry.json.length
      count += 1
    }
    if (count > 0) this.#entries = this.#entries.slice(count)
    this.#first += count
    return count
  }

  positionOf(from: StartPosition): number {
    if (from === 'latest') return this.end
    if (from === 'earliest') return this.#first
    if (from instanceof Date && !Number.isNaN(from.getTime())) {
      const index = this.#entries.findIndex(
        (entry) => Date.parse(read(entry).time) >= from.getTime(),
      )
      return index < 0 ? this.end : this.#first + index
    }
    if (typeof from === 'string' && CURSOR.test(from)) return Number(from)
    throw new TypeError(
      `from must be a cursor of this event log or a valid date, got ${describe(String(from))}`,
    )
  }

  slice(from: number): EventEnvelope[] {
    const start = from - this.#first
    return this.#entries.slice(start, start + MAX_BATCH_EVENTS).map(read)
  }

  onWake(waiter: () => void): () => void {
    this.#waiters.add(waiter)
    return () => this.#waiters.delete(waiter)
  }

  wake(): void {
    this.wakeUps += 1
    for (const waiter of [...this.#waiters]) waiter()
  }
}

/** Each reader gets its own objects, as on every other driver: a handler's changes to its data affect no other. */
function read({ json, cursor }: Entry): EventEnvelope {
  return Object.assign(parseJson(json) as StoredEvent, { cursor })
}

class MemoryReader implements EventReader {
  readonly ready: Promise<void>
  readonly #log: MemoryLog
  readonly #groupName: string | undefined
  readonly #group: Group | undefined
  #becomeReady: () => void = () => undefined
  #failReady: (error: Error) => void = () => undefined
  #position: number
  #seen: number
  #active = false

  constructor(log: MemoryLog, position: number, groupName: string | undefined) {
    this.#log = log
    this.#seen = log.wakeUps
    this.#position = position
    this.#groupName = groupName
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    this.ready.catch(() => undefined)
    if (groupName !== undefined) {
      this.#group = log.groups.get(groupName) ?? {
        committed: position,
        readers: [],
        ledger: new MemoryLedger(),
      }
      log.groups.set(groupName, this.#group)
      this.#group.readers.push(this)
    }
    if (this.#group === undefined || this.#group.readers[0] === this) this.#activate()
  }

  get position(): Cursor | undefined {
    return this.#active ? (String(this.#position) as Cursor) : undefined
  }

  poll(): EventBatch | undefined {
    if (!this.#active) return undefined
    this.#seen = this.#log.wakeUps
    const retries = this.#group?.ledger.takeRetries() ?? []
    if (retries.length > 0) return { retries, events: [] }
    const { first, end } = this.#log
    if (this.#position < first || this.#position > end) {
      const expected = String(this.#position) as Cursor
      const missed = Math.max(0, first - this.#position)
      this.#position = first
      return { gap: { expected, resumeAt: String(first) as Cursor, missed }, events: [] }
    }
    const events = this.#log.slice(this.#position)
    this.#position += events.length
    return events.length > 0 ? { events } : undefined
  }

  wait(signal: AbortSignal): Promise<void> {
    return waitUnlessAborted(signal, (done) => {
      const { end, wakeUps } = this.#log
      if (this.#active && (this.#position !== end || this.#seen !== wakeUps)) {
        done()
        return () => undefined
      }
      const stop = this.#log.onWake(done)
      // Nothing else keeps the process alive for a waiter whose event comes from an unref'd timer.
      const alive = setInterval(() => undefined, 2 ** 30)
      return () => {
        stop()
        clearInterval(alive)
      }
    })
  }

  commit(cursor: Cursor): void {
    if (this.#group === undefined || !this.#active || !CURSOR.test(cursor)) return
    this.#group.committed = Number(cursor)
  }

  get ledger(): GroupLedger | undefined {
    return this.#active ? this.#group?.ledger : undefined
  }

  close(): void {
    const readers = this.#group?.readers
    const index = readers?.indexOf(this) ?? -1
    if (readers === undefined || index < 0) {
      this.#active = false
      return
    }
    readers.splice(index, 1)
    if (!this.#active) {
      this.#failReady(closedError(`the reader of ${this.#groupName}`))
    }
    this.#active = false
    const [next] = readers
    if (index === 0 && next !== undefined) next.#activate()
    this.#log.wake()
  }

  #activate(): void {
    if (this.#group !== undefined) {
      this.#position = this.#group.committed
      this.#group.ledger.begin()
    }
    this.#active = true
    this.#becomeReady()
  }
}
