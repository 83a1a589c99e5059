import { CliOpsError } from '../../errors/cli-ops-error.js'
import type { Cursor, EventEnvelope, StartPosition, StoredEvent } from '../../events/event-types.js'
import { describe } from '../../names/assert-name.js'
import type {
  AppendOptions,
  EventBatch,
  EventDriver,
  EventReader,
  EventRecord,
  Retention,
} from '../driver.js'

const MAX_BATCH_EVENTS = 512
const CURSOR = /^(?:0|[1-9]\d{0,14})$/u

/** A stored event and what retention asks of it. */
interface Entry {
  readonly event: EventEnvelope
  readonly bytes: number
  /** Monotonic, in milliseconds. */
  readonly storedAt: number
}

/** A durable group: durable as long as the process. */
interface Group {
  committed: number
  /** The active reader first, then those that stand by. */
  readonly readers: MemoryReader[]
}

/** Makes events that live and end with this process, with the rules of the local log. */
export function createMemoryEvents(): EventDriver {
  const log = new MemoryLog()
  return {
    append: (events, options) => log.append(events, options),
    appendSync: (events, options) => log.append(events, options),
    openReader: ({ from, group }) => new MemoryReader(log, log.positionOf(from), group),
    clean: (retention) => log.expire(retention),
  }
}

/** Positions count the events from the beginning; a cursor is the position behind its event. */
class MemoryLog {
  readonly groups = new Map<string, Group>()
  readonly #waiters = new Set<() => void>()
  #entries: Entry[] = []
  /** Position of the oldest kept event. */
  #first = 0
  #bytes = 0

  get first(): number {
    return this.#first
  }

  get end(): number {
    return this.#first + this.#entries.length
  }

  append(records: readonly EventRecord[], { retention }: AppendOptions): Cursor[] {
    const cursors = records.map(({ json }) => {
      const cursor = String(this.end + 1) as Cursor
      // A copy, as every other driver hands out: a later change of the emitted object changes no event.
      const event = Object.assign(JSON.parse(json) as StoredEvent, { cursor })
      this.#entries.push({ event, bytes: json.length, storedAt: performance.now() })
      this.#bytes += json.length
      return cursor
    })
    this.expire(retention)
    this.wake()
    return cursors
  }

  /** Removes what is too old and no group needs, and any as long as the log is too large; never the newest event. */
  expire({ retentionMs, maxBytes }: Retention): number {
    const oldest = performance.now() - retentionMs
    const needed = Math.min(...[...this.groups.values()].map(({ committed }) => committed))
    let count = 0
    while (count < this.#entries.length - 1) {
      const entry = this.#entries[count]
      if (entry === undefined) break
      const isOld = entry.storedAt < oldest && this.#first + count < needed
      if (!isOld && this.#bytes <= maxBytes) break
      this.#bytes -= entry.bytes
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
      const index = this.#entries.findIndex(({ event }) => Date.parse(event.time) >= from.getTime())
      return index < 0 ? this.end : this.#first + index
    }
    if (typeof from === 'string' && CURSOR.test(from)) return Number(from)
    throw new TypeError(
      `from must be a cursor of this event log or a valid date, got ${describe(String(from))}`,
    )
  }

  slice(from: number): EventEnvelope[] {
    const start = from - this.#first
    return this.#entries.slice(start, start + MAX_BATCH_EVENTS).map(({ event }) => ({ ...event }))
  }

  onWake(waiter: () => void): () => void {
    this.#waiters.add(waiter)
    return () => this.#waiters.delete(waiter)
  }

  wake(): void {
    for (const waiter of [...this.#waiters]) waiter()
  }
}

class MemoryReader implements EventReader {
  readonly ready: Promise<void>
  readonly #log: MemoryLog
  readonly #groupName: string | undefined
  readonly #group: Group | undefined
  #becomeReady: () => void = () => undefined
  #failReady: (error: Error) => void = () => undefined
  #position: number
  #active = false

  constructor(log: MemoryLog, position: number, groupName: string | undefined) {
    this.#log = log
    this.#position = position
    this.#groupName = groupName
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    this.ready.catch(() => undefined)
    if (groupName !== undefined) {
      this.#group = log.groups.get(groupName) ?? { committed: position, readers: [] }
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
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      if (this.#active && this.#position !== this.#log.end) {
        resolve()
        return
      }
      const settle = (): void => {
        stop()
        signal.removeEventListener('abort', abort)
        clearInterval(alive)
        if (signal.aborted) reject(signal.reason as Error)
        else resolve()
      }
      const abort = settle
      const stop = this.#log.onWake(settle)
      // Nothing else keeps the process alive for somebody who waits for an event of a timer that is unref'd.
      const alive = setInterval(() => undefined, 2 ** 30)
      signal.addEventListener('abort', abort, { once: true })
    })
  }

  commit(cursor: Cursor): void {
    if (this.#group !== undefined && this.#active && CURSOR.test(cursor))
      this.#group.committed = Number(cursor)
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
      this.#failReady(new CliOpsError('CLOSED', `the reader of ${this.#groupName} was closed`))
    }
    this.#active = false
    const [next] = readers
    if (index === 0 && next !== undefined) next.#activate()
    this.#log.wake()
  }

  #activate(): void {
    if (this.#group !== undefined) this.#position = this.#group.committed
    this.#active = true
    this.#becomeReady()
  }
}
