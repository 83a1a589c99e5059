import type { LockDriver } from '../../../drivers/driver.js'
import type { SlotGrant, SlotRequest } from '../../../locks/slots/slot-request.js'
import type { CaseContext } from '../harness/case-context.js'
import { take, type Waiting } from './lock-actors.js'

/** The resource whose slots the cases are about, and the names of its slots. */
export const POOL = 'devices'
export const TWO: readonly string[] = ['a', 'b']

/** Requests one of these slots. */
export function slots(names: readonly string[]): Partial<SlotRequest> {
  return { slots: names }
}

/** Takes one of these slots, at least one of which must be free. */
export function takeSlot(
  locks: LockDriver,
  names: readonly string[],
  options: Partial<SlotRequest> = {},
): Promise<SlotGrant> {
  return take(locks, POOL, { ...options, ...slots(names) })
}

/** Waits for the grant of a slot. */
export function served(context: CaseContext, waiting: Waiting): Promise<SlotGrant> {
  return context.settled(waiting.granted, 'the waiter is served')
}
