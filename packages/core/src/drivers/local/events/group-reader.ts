import type { Cursor } from '../../../events/event-types.js'
import type { EventBatch, EventReader } from '../../event-driver.js'
import type { GroupCursors } from './group-cursor.js'
import type { GroupLease } from './group-lease.js'
import { fromCursor, type LogPosition, toCursor } from './log-position.js'
import type { LogReader } from './log-reader.js'
import type { LogWatch } from './log-watch.js'

/** What a {@link GroupReader} is made of. */
export interface GroupReaderParts {
  readonly group: string
  readonly cursors: GroupCursors
  readonly lease: GroupLease
  readonly watch: LogWatch
  readonly openLog: (position: LogPosition) => LogReader
  /** The oldest position that is kept. */
  readonly earliest: () => LogPosition
}

/**
 * A reader of a durable group. It stands by while another one has the group's lease; when it gets it, it goes on where
 * the committed cursor is, not where it was opened.
 */
export class GroupReader implements EventReader {
  readonly #parts: GroupReaderParts
  readonly #leaveWatch: () => void
  readonly #closing = new AbortController()
  #log: LogReader | undefined
  #lostCursor = false
  #activation: Promise<void>
  #seen = -1

  constructor(parts: GroupReaderParts) {
    this.#parts = parts
    this.#leaveWatch = parts.watch.use()
    this.#activation = this.#activate()
  }

  get ready(): Promise<void> {
    return this.#activation
  }

  get position(): Cursor | undefined {
    return this.#log && toCursor(this.#log.position)
  }

  poll(): EventBatch | undefined {
    if (this.#log === undefined) return undefined
    if (!this.#parts.lease.isHeld) {
      // Taken away by force: another reader may go on from the last commit, so this one has to stand by again.
      this.#closeLog()
      this.#activation = this.#activate()
      return undefined
    }
    this.#seen = this.#parts.watch.changes
    if (!this.#lostCursor) return this.#log.poll()
    this.#lostCursor = false
    const resumeAt = toCursor(this.#log.position)
    return { gap: { expected: '0:0' as Cursor, resumeAt }, events: [] }
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#log !== undefined) return this.#parts.watch.wait(this.#seen, signal)
    const { promise, stop } = rejectOnAbort(signal)
    try {
      await Promise.race([this.#activation, promise])
    } finally {
      stop()
    }
  }

  commit(cursor: Cursor): void {
    const position = fromCursor(cursor)
    if (position === undefined || !this.#parts.lease.isHeld) return
    this.#parts.cursors.write(this.#parts.group, position)
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new Error('the reader was closed'))
    this.#leaveWatch()
    this.#closeLog()
    this.#parts.lease.release()
  }

  /** Becomes the active reader: at once where nobody is, else when the active one has gone. */
  #activate(): Promise<void> {
    const activation = this.#parts.lease.tryAcquire()
      ? Promise.resolve()
      : this.#parts.lease.acquire(this.#closing.signal)
    if (this.#parts.lease.isHeld) this.#begin()
    const active = activation.then(() => {
      if (this.#log === undefined) this.#begin()
    })
    // Whoever waits gets the error; without anybody it is no unhandled rejection.
    active.catch(() => undefined)
    return active
  }

  #begin(): void {
    const { cursors, group, openLog, earliest } = this.#parts
    const stored = cursors.read(group)
    // A cursor that cannot be read, or that somebody removed meanwhile, must not skip anything.
    this.#lostCursor = stored === undefined || stored === 'unreadable'
    this.#log = openLog(stored === undefined || stored === 'unreadable' ? earliest() : stored)
  }

  #closeLog(): void {
    this.#log?.close()
    this.#log = undefined
  }
}

function rejectOnAbort(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  let abort: () => void = () => undefined
  const promise = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  return { promise, stop: () => signal.removeEventListener('abort', abort) }
}
