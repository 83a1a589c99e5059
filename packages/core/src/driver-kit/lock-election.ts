import type { Cursor } from '../events/contract/event-types.js'
import type { EventReader } from '../events/contract/event-driver.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import { randomId } from '../base/names/random-id.js'
import type { GroupElection, GroupTurn, RetryLedger } from './group-reader.js'

/** The stored cursor of a group, as one of its readers uses it. */
export interface GroupCursor {
  /** Commits a cursor if the group has none, and resolves to the committed one. */
  join(cursor: Cursor): Promise<Cursor>
  /** Commits a cursor, only if the grant with that id holds the group's lock. */
  commit(cursor: Cursor, lockId: string): Promise<void>
}

/** A log as a group's reader uses it. */
export interface ElectedLog {
  /** The locks that elect the group's active reader. */
  readonly locks: LockDriver
  readonly cursor: GroupCursor
  /** Returns the start cursor for a group that has none. */
  begin(): Promise<Cursor>
  openReader(cursor: Cursor): EventReader
  openLedger(): RetryLedger
  /** Called when the reader was closed. */
  end(): void
}

/** Elects the active reader of a group: the holder of the group's lock reads, the others wait in the lock's queue. */
export class LockElection implements GroupElection {
  readonly #group: string
  readonly #log: ElectedLog
  readonly #lockId = randomId()
  #joined: Cursor | undefined

  constructor(group: string, log: ElectedLog) {
    this.#group = group
    this.#log = log
  }

  async join(): Promise<void> {
    this.#joined = await this.#log.cursor.join(await this.#log.begin())
  }

  async takeOver(signal: AbortSignal): Promise<GroupTurn> {
    const log = this.#log
    const grant = await log.locks.acquire(
      { resource: this.#group, mode: 'exclusive', id: this.#lockId, held: [] },
      { signal },
    )
    try {
      const reader = log.openReader(await log.cursor.join(this.#joined ?? (await log.begin())))
      await reader.ready
      signal.throwIfAborted()
      return {
        reader,
        ledger: log.openLedger(),
        isHeld: () => grant.isHeld(),
        onLost: (listener) => grant.onLost(listener),
        commit: (position) => log.cursor.commit(position, this.#lockId),
        // Releases the lock if it is still held; leaves a lost one alone.
        release: () => void Promise.resolve(grant.release()).catch(() => undefined),
      }
    } catch (error) {
      await grant.release()
      throw error
    }
  }

  end(): void {
    // The signal has already removed this reader from the queue.
    this.#log.end()
  }
}
