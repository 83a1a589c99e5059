import type { MaybePromise } from '../../base/wait/maybe-promise.js'
import type { LockDriver } from '../contract/lock-driver.js'
import type { LockInfo } from '../contract/lock-types.js'
import { doorName, slotName } from '../contract/slot-name.js'
import { ofSlot, requestFor, type SlotGrant, type SlotsWanted } from './slot-request.js'

/** Whoever has been the next for so long stands in the queues of all slots it wants, so that the driver knows of it. */
const SETTLED_MS = 1000

/**
 * Takes a slot that is free, if there is one that nobody who waits is about to take; `null` where there is none. As long as more slots
 * are free than there are waiters, one of them is had.
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

/** As {@link trySlots}, on a driver that needs no waiting. */
export function trySlotsSync(driver: LockDriver, request: SlotsWanted): SlotGrant | null {
  const { resource, slots } = request
  const door = atOnce(driver.inspect(doorName(resource, slots)))
  const countFree = (): number =>
    slots.filter((slot) => isFree(atOnce(driver.inspect(slotName(resource, slot))))).length
  if (!mayTry(door, request, countFree)) return null
  return takeAnySync(driver, request)
}

/** Takes the first slot that can be had, whoever waits at the door. */
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

/** As {@link takeAny}, on a driver that needs no waiting. */
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

/** Tells whether a slot is held by nobody. */
export function isFree(info: LockInfo | null | undefined): boolean {
  return info == null || info.id === ''
}

/**
 * Tells whether a newcomer may try the slots. Those who wait come first, as far as they are known to run; who is stopped could take
 * nothing.
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

/** Embedded drivers answer at once. */
export function atOnce<T>(value: MaybePromise<T>): T | undefined {
  return value instanceof Promise ? undefined : value
}
