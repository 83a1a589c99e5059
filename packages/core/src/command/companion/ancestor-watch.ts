import { ANCESTOR_GRACE_MS, waitingAncestors } from '../../base/process/ancestors.js'
import { isProcessOf } from '../../base/process/is-process-of.js'
import { monotonicMs } from '../../base/process/monotonic-time.js'
import { ownProcess } from '../../base/process/own-process.js'
import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { isKeptLock } from '../../locks/contract/lock-id.js'
import type { Holder, LockInfo, LockMode } from '../../locks/contract/lock-types.js'
import { ancestorDeadlockError } from '../../locks/lock-errors.js'
import type { LockRule } from '../options/cli-ops-options.js'

/** Ends a wait whose command is part of the command that holds the lock. */
class PartOfHolder extends Error {}

/**
 * Checks, while a command waits for a lock on an engine, whether the holder is a process that (very likely) waits for this
 * one. Such a wait would never end. `isHeldAround` and the deadlock search do the same for local locks.
 */
export class AncestorWatch {
  readonly #rule: LockRule
  readonly #began = monotonicMs()
  #last: LockInfo | undefined

  constructor(rule: LockRule) {
    this.#rule = rule
  }

  /**
   * Throws if the wait must end: for {@link isPart}, or with `LOCK_DEADLOCK`, but only after an ancestor that releases the lock right
   * after starting this process has had time to do so.
   */
  look(info = this.#last): void {
    this.#last = info
    // With slots, another slot can come free.
    if (info === undefined || this.#rule.slots !== undefined) return
    const holder = waitingAncestorAmong(info.holders)
    if (holder === undefined) return
    if (this.#isAround(holder, info.mode)) throw new PartOfHolder()
    if (monotonicMs() - this.#began >= ANCESTOR_GRACE_MS)
      throw ancestorDeadlockError(info.resource, holder)
  }

  /** Returns whether this error ended the wait because the command is part of the one that holds the lock. */
  isPart(error: unknown): boolean {
    if (error instanceof PartOfHolder) return true
    if (!isCliOpsError(error, 'LOCK_HELD') || this.#rule.slots !== undefined) return false
    const { holders = [], mode } = (error.details ?? {}) as Partial<LockInfo>
    const holder = waitingAncestorAmong(holders)
    return holder !== undefined && this.#isAround(holder, mode)
  }

  /** Milliseconds until the next check. */
  get restMs(): number {
    return Math.max(0, this.#began + ANCESTOR_GRACE_MS - monotonicMs())
  }

  #isAround({ owner }: Holder, mode: LockMode | undefined): boolean {
    if (mode === 'shared' && this.#rule.mode !== 'shared') return false
    return owner.name === ownProcess().name
  }
}

/** Returns the holder that started this process, but not one that took the lock since. */
function waitingAncestorAmong(holders: readonly Holder[]): Holder | undefined {
  const { host } = ownProcess()
  const startedAt = Date.now() - process.uptime() * 1000
  const near = holders.filter(
    ({ id, owner, since }) => owner.host === host && isKeptLock(id) && since.getTime() <= startedAt,
  )
  if (near.length === 0) return undefined
  const ancestors = waitingAncestors()
  return near.find(
    ({ owner }) => ancestors.includes(owner.pid) && isProcessOf(owner.pid, owner.startedAt),
  )
}
