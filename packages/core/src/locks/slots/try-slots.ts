import type { MaybePromise } from '../../base/wait/maybe-promise.js'
import type { LockDriver } from '../contract/lock-driver.js'
import type { LockInfo } from '../contract/lock-types.js'
import { doorName, slotName } from '../contract/slot-name.js'
import { ofSlot, requestFor, type SlotGrant, type SlotsWanted } from './slot-request.js'

/** A waiter that has been at the head for this long is in the queues of all its slots, so the driver knows about it. */
const SETTLED_MS = 1000

/**
 * Takes a free slot that no waiter is about to take; `null` if there is none. Succeeds while there are more free slots than waiters.
 */
export async function trySlots(
  driver: LockDriver,
  request: SlotsWanted,
): Promise<SlotGrant | null> {
  if (driver.tryAcquireSync !== undefined) return trySlotsSync(driver, request)
  const { resource, slots } = request
  const [door = null, ...infos] = await Promise.all(
    [doorName(resource, slots), ...slots.map((slot) => slotName(resource, slot))].map(
      async (name) => driver.inspect(name),
    ),
  )
  const free = slots.filter((_, index) => isFree(infos[index]))
  if (!mayTry(door, request, () => free.length)) return null
  return takeAny(driver, request, free)
}

/** Like {@link trySlots}, on a synchronous driver. */
export function trySlotsSync(driver: LockDriver, request: SlotsWanted): SlotGrant | null {
  const { resource, slots } = request
  const door = atOnce(driver.inspect(doorName(resource, slots)))
  const countFree = (): number =>
    slots.filter((slot) => isFree(atOnce(driver.inspect(slotName(resource, slot))))).length
  if (!mayTry(door, request, countFree)) return null
  return takeAnySync(driver, request)
}

/** Takes the first free slot, regardless of waiters at the door. */
export async function takeAny(
  driver: LockDriver,
  request: SlotsWanted,
  slots: readonly string[] = request.slots,
): Promise<SlotGrant | null> {
  if (driver.tryAcquireSync !== undefined) return takeAnySync(driver, request, slots)
  for (const slot of slots) {
    const grant = await driver.tryAcquire(requestFor(request, slot))
    if (grant !== null) return ofSlot(grant, slot)
  }
  return null
}

/** Like {@link takeAny}, on a synchronous driver. */
export function takeAnySync(
  driver: LockDriver,
  request: SlotsWanted,
  slots: readonly string[] = request.slots,
): SlotGrant | null {
  for (const slot of slots) {
    const grant = driver.tryAcquireSync?.(requestFor(request, slot)) ?? null
    if (grant !== null) return ofSlot(grant, slot)
  }
  return null
}

/** Returns whether a slot has no holder. */
export function isFree(info: LockInfo | null | undefined): boolean {
  return info == null || info.id === ''
}

/**
 * Returns whether a newcomer may try the slots. Waiters that are known to run come first; a stopped one could not take a slot.
 */
function mayTry(
  door: LockInfo | null | undefined,
  { waits }: SlotsWanted,
  countFree: () => number,
): boolean {
  if (door == null) return true
  const ahead = [...door.holders, ...door.waiting].filter(({ owner }) => owner.state === 'running')
  if (countFree() > ahead.length) return true
  return waits !== true && door.id !== '' && Date.now() - door.since.getTime() >= SETTLED_MS
}

/** Returns a value that is not a promise: embedded drivers answer synchronously. */
export function atOnce<T>(value: MaybePromise<T>): T | undefined {
  return value instanceof Promise ? undefined : value
}
