import type { Cursor } from '../events/contract/event-types.js'
import type { EventReader } from '../events/contract/event-driver.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import { randomId } from '../base/names/random-id.js'
import type { GroupElection, GroupTurn, RetryLedger } from './group-reader.js'

/** An engine's log and groups, as an election needs them. */
export interface ElectedLog {
  /** The locks that elect a group's active reader. */
  readonly locks: LockDriver
  /** Returns the start cursor for a group that has none. */
  begin(): Promise<Cursor>
  /** Commits a cursor if the group has none, and resolves to the committed one. */
  join(group: string, cursor: Cursor): Promise<Cursor>
  /** Commits a cursor, only if the grant with that id holds the group's lock. */
  commit(group: string, cursor: Cursor, lockId: string): Promise<void>
  openReader(cursor: Cursor): EventReader
  openLedger(group: string): RetryLedger
  /** Called when the reader was closed. */
  end(): void
}

/** Elects the active reader of a group: the holder of the group's lock reads, the others wait in the lock's queue. */
export class LockElection implements GroupElection {
  readonly #log: ElectedLog
  readonly #group: string
  readonly #lockId = randomId()
  #joined: Cursor | undefined

  constructor(log: ElectedLog, group: string) {
    this.#log = log
    this.#group = group
  }

  async join(): Promise<void> {
    this.#joined = await this.#log.join(this.#group, await this.#log.begin())
  }

  async takeOver(signal: AbortSignal): Promise<GroupTurn> {
    const log = this.#log
    const grant = await log.locks.acquire(
      { resource: this.#group, mode: 'exclusive', id: this.#lockId, held: [] },
      { signal },
    )
    try {
      const cursor = await log.join(this.#group, this.#joined ?? (await log.begin()))
      const reader = log.openReader(cursor)
      await reader.ready
      signal.throwIfAborted()
      return {
        reader,
        ledger: log.openLedger(this.#group),
        isHeld: () => grant.isHeld(),
        onLost: (listener) => grant.onLost(listener),
        commit: (position) => log.commit(this.#group, position, this.#lockId),
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
