import { waitingAncestors } from '../../base/process/ancestors.js'
import { readStat } from '../../base/process/liveness.js'
import { monotonicMs } from '../../base/process/monotonic-time.js'
import { ownProcess } from '../../base/process/own-process.js'
import { readFact } from '../../base/process/process-identity.js'
import { CliOpsError, isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { ANCESTOR_GRACE_MS } from '../../drivers/local/locks/deadlock.js'
import { describeOwner } from '../../locks/contract/describe-owner.js'
import { isKeptLock } from '../../locks/contract/lock-id.js'
import type { Holder, LockInfo, LockMode, Owner } from '../../locks/contract/lock-types.js'
import type { LockRule } from '../options/cli-ops-options.js'

/** How far the two ways to tell when a process began are apart at most. */
const SAME_START_MS = 2_000
/** Of the clock in /proc, on every architecture. */
const TICK_MS = 10

/** Ends a wait whose command is a part of the one that has the lock. */
class PartOfHolder extends Error {}

/**
 * Looks, while a command waits for a lock on an engine, whether a process that (very likely) waits for this one has it, as
 * `isHeldAround` and the search for deadlocks do on this machine: such a wait would never end.
 */
export class AncestorWatch {
  readonly #rule: LockRule
  readonly #began = monotonicMs()
  #last: LockInfo | undefined

  constructor(rule: LockRule) {
    this.#rule = rule
  }

  /**
   * Throws where the wait is to end: for {@link isPart}, or `LOCK_DEADLOCK`, but not before an ancestor that releases the lock right after
   * it began this process has done so.
   */
  look(info = this.#last): void {
    this.#last = info
    // Of slots there may be another one.
    if (info === undefined || this.#rule.slots !== undefined) return
    const holder = waitingAncestorAmong(info.holders)
    if (holder === undefined) return
    if (this.#isAround(holder, info.mode)) throw new PartOfHolder()
    if (monotonicMs() - this.#began >= ANCESTOR_GRACE_MS) throw deadlockError(info, holder)
  }

  /** Tells whether a wait has ended by this error because the command is a part of the one that has the lock. */
  isPart(error: unknown): boolean {
    if (error instanceof PartOfHolder) return true
    if (!isCliOpsError(error, 'LOCK_HELD') || this.#rule.slots !== undefined) return false
    const { holders = [], mode } = (error.details ?? {}) as Partial<LockInfo>
    const holder = waitingAncestorAmong(holders)
    return holder !== undefined && this.#isAround(holder, mode)
  }

  /** When to look again, in milliseconds. */
  get restMs(): number {
    return Math.max(0, this.#began + ANCESTOR_GRACE_MS - monotonicMs())
  }

  #isAround({ owner }: Holder, mode: LockMode | undefined): boolean {
    if (mode === 'shared' && this.#rule.mode !== 'shared') return false
    return owner.name === ownProcess().name
  }
}

/** The holder that this process was begun under, and not one that has taken the lock since. */
function waitingAncestorAmong(holders: readonly Holder[]): Holder | undefined {
  const { host } = ownProcess()
  const startedAt = Date.now() - process.uptime() * 1000
  const near = holders.filter(
    ({ id, owner, since }) => owner.host === host && isKeptLock(id) && since.getTime() <= startedAt,
  )
  if (near.length === 0) return undefined
  const ancestors = waitingAncestors()
  return near.find(({ owner }) => ancestors.includes(owner.pid) && isOfThatPid(owner))
}

/** A host's name may be that of several containers, and each has a process of that number. */
function isOfThatPid({ pid, startedAt }: Owner): boolean {
  const start = readStat(`/proc/${pid}/stat`)?.start
  const [uptime = ''] = readFact('/proc/uptime').split(' ')
  // No other platform has several tables of processes.
  if (start === undefined || uptime === '') return process.platform !== 'linux'
  const createdAt = Date.now() - (Number(uptime) * 1000 - Number(start) * TICK_MS)
  return Math.abs(createdAt - startedAt.getTime()) < SAME_START_MS
}

function deadlockError({ resource }: LockInfo, { id, owner }: Holder): CliOpsError {
  const name = JSON.stringify(resource)
  const reason = `${name} is held by ${describeOwner(owner)}, which waits for this process to end`
  return new CliOpsError('LOCK_DEADLOCK', `waiting for ${name} would never end: ${reason}`, {
    details: { resource, cycle: [{ resource, id, owner }] },
  })
}
