import {
  CliOpsError,
  type Cursor,
  type EventBatch,
  type EventReader,
  isCliOpsError,
  type LockGrant,
  randomId,
  type StartPosition,
} from '@cli-ops/shared-ipc/driver'

import { COMMIT, JOIN } from './event-scripts.js'
import { toCursor } from './log-position.js'
import { findPosition, LogReader, parseStart } from './log-reader.js'
import type { EventPlace, RedisEvents } from './redis-events.js'

const RETRY_MS = 200

/**
 * A durable group's reader. Who holds the group's lock reads from the committed position; the others stand in the lock's
 * queue. One that loses its lease stops handing out and stands in line again.
 */
export class GroupReader implements EventReader {
  readonly ready: Promise<void>
  readonly #place: EventPlace
  readonly #events: RedisEvents
  readonly #group: string
  readonly #lockId = randomId()
  readonly #closing = new AbortController()
  readonly #waiting = new Set<() => void>()
  #active: { readonly grant: LockGrant; readonly reader: LogReader } | undefined

  /** @throws TypeError for what is no position */
  constructor(place: EventPlace, events: RedisEvents, from: StartPosition, group: string) {
    this.#place = place
    this.#events = events
    this.#group = group
    const start = parseStart(from)
    this.ready = this.#open(start)
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    return this.#active?.reader.position
  }

  poll(): EventBatch | undefined {
    return this.#active?.grant.isHeld() === true ? this.#active.reader.poll() : undefined
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#closing.signal.aborted) throw closedError(this.#group)
      const active = this.#active
      if (active === undefined) {
        await this.#rest(signal)
        continue
      }
      try {
        await active.reader.wait(signal)
        return
      } catch (error) {
        // The lease was lost meanwhile, and with it the reader; a later one goes on.
        if (this.#active === active || !isCliOpsError(error, 'CLOSED')) throw error
      }
    }
  }

  async commit(cursor: Cursor): Promise<void> {
    if (this.#active?.grant.isHeld() !== true) return
    const { connection, keys } = this.#place
    const holders = `${keys.locks('group')}holders:${this.#group}`
    await COMMIT.run(connection, {
      keys: [keys.log, keys.logState, keys.groups, holders],
      args: [this.#group, cursor, `x:${this.#lockId}`],
    })
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(closedError(this.#group))
    this.#events.forget(this)
    this.#stop()
    this.#wake()
  }

  async #open(start: ReturnType<typeof parseStart>): Promise<void> {
    const position =
      typeof start === 'object' && 'epoch' in start ? start : await findPosition(this.#place, start)
    await this.#join(toCursor(position))
    await this.#takeOver()
  }

  /** Commits a position where the group has none, and resolves to the committed one. */
  async #join(position: Cursor): Promise<Cursor> {
    const { connection, keys } = this.#place
    const committed = await JOIN.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [this.#group, position],
    })
    return String(committed) as Cursor
  }

  /** Waits until this reader is the active one. Rejects when it is closed. */
  async #takeOver(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      signal.throwIfAborted()
      try {
        const grant = await this.#place.groupLocks.acquire(
          { resource: this.#group, mode: 'exclusive', id: this.#lockId, held: [] },
          { signal },
        )
        await this.#start(grant)
        return
      } catch (error) {
        signal.throwIfAborted()
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  async #start(grant: LockGrant): Promise<void> {
    try {
      const reader = new LogReader(
        this.#place,
        this.#events,
        await this.#join(toCursor({ epoch: 0, n: 0 })),
      )
      await reader.ready
      this.#closing.signal.throwIfAborted()
      this.#active = { grant, reader }
    } catch (error) {
      await grant.release()
      throw error
    }
    grant.onLost(() => {
      this.#stop()
      this.#wake()
      this.#takeOver().catch(() => undefined)
    })
    this.#wake()
  }

  #stop(): void {
    const active = this.#active
    this.#active = undefined
    active?.reader.close()
    // It gives back what may be given back; a lost one is left alone.
    void Promise.resolve(active?.grant.release()).catch(() => undefined)
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Waits for a change. The timer keeps the process alive: somebody waits for an event. */
  #rest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearInterval(alive)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const alive = setInterval(() => undefined, 2 ** 30)
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

function closedError(group: string): CliOpsError {
  return new CliOpsError('CLOSED', `the reader of ${group} was closed`)
}
