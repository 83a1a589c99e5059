import { homeOf } from '../drivers/local/home/home-of.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import type { Connection } from '../engine/connection-options.js'
import type { HeldLock } from '../locks/held-lock.js'
import { createLockRequest } from '../locks/lock-request.js'
import type { SlotRequest } from '../locks/slots/slot-request.js'
import { slotNames } from '../locks/slots/slot-set.js'
import { withSlots } from '../locks/slots/with-slots.js'
import { toHeldLock } from '../locks/to-held-lock.js'
import type { LockRule } from './options/cli-ops-options.js'

/** The processes on whose behalf a lock is taken, if not this one: see `LockOptions`. */
export interface LockOwners {
  readonly ownerPid: number
  readonly partnerPid?: number | undefined
}

/** Takes a free lock of the local driver before it returns; returns `null` if it is busy. */
export function tryLockNow(
  connection: Connection,
  rule: LockRule,
  owners?: LockOwners,
): HeldLock | null {
  const own = withSlots(createLocalLocks(homeOf(connection)))
  const locks = owners === undefined ? own : own.ownedBy?.(owners.ownerPid, owners.partnerPid)
  const request = lockRequest(rule)
  const grant = locks?.tryAcquireSync?.(request)
  return grant == null ? null : toHeldLock(connection, request, grant, owners !== undefined)
}

/** The running flow's driver request for a rule. */
export function lockRequest({
  resource,
  mode,
  label,
  slots,
  onBusy = 'wait',
}: LockRule): SlotRequest {
  const request = createLockRequest(resource, { mode, label, inFlow: true })
  return slots === undefined
    ? request
    : { ...request, slots: slotNames(slots), waits: onBusy === 'wait' }
}
