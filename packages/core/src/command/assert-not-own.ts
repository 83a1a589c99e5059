import { ownProcess } from '../base/process/own-process.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import { ownDeadlockError } from '../locks/lock-errors.js'
import { slotNames } from '../locks/slots/slot-set.js'
import type { LockRule } from './options/cli-ops-options.js'

/**
 * Refuses to block for a lock that another flow of this process holds: that flow could never release it.
 *
 * @throws CliOpsError `LOCK_DEADLOCK`
 */
export function assertNotOwn(info: LockInfo | null, rule: LockRule): void {
  if (isOwn(info, rule)) throw ownDeadlockError(info.resource, info.id)
}

/** Returns whether this process holds the lock; with slots, all of them. */
export function isOwn(info: LockInfo | null, { slots }: LockRule): info is LockInfo {
  if (info === null || info.id === '') return false
  const own = info.holders.filter(({ id }) => id.startsWith(ownProcess().instance))
  return own.length >= (slots === undefined ? 1 : slotNames(slots).length)
}
