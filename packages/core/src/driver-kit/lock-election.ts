import type { Cursor } from '../events/contract/event-types.js'
import type { EventReader } from '../events/contract/event-driver.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import { randomId } from '../base/names/random-id.js'
import type { GroupElection, GroupTurn, RetryLedger } from './group-reader.js'

/** The log and the groups of an engine, as an election needs them. */
export interface ElectedLog {
  /** The locks that elect a group's active reader. */
  readonly locks: LockDriver
  /** Finds where a group begins that has no cursor. */
  begin(): Promise<Cursor>
  /** Commits a cursor where the group has none, and resolves to the committed one. */
  join(group: string, cursor: Cursor): Promise<Cursor>
  /** Commits a cursor for the grant with that id while it holds the group's lock, and for nobody else. */
  commit(group: string, cursor: Cursor, lockId: string): Promise<void>
  openReader(cursor: Cursor): EventReader
  openLedger(group: string): RetryLedger
  /** The reader was closed. */
  end(): void
}

/** Elects the active reader of a group: who holds the group's lock reads, the others stand in the lock's queue. */
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
        // It gives back what may be given back; a lost one is left alone.
        release: () => void Promise.resolve(grant.release()).catch(() => undefined),
      }
    } catch (error) {
      await grant.release()
      throw error
    }
  }

  end(): void {
    // Who stood in the queue has left it with the signal.
    this.#log.end()
  }
}
