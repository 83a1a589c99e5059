import type { LockDriver } from '../contract/lock-driver.js'
import type { LockInfo } from '../contract/lock-types.js'
import { doorName, slotName } from '../contract/slot-name.js'
import { poolInfo } from './merge-slots.js'
import type { SlotsWanted } from './slot-request.js'
import { atOnce } from './try-slots.js'

/** Describes the requested slots and their waiters. */
export async function inspectSlots(
  driver: LockDriver,
  { resource, slots }: Pick<SlotsWanted, 'resource' | 'slots'>,
): Promise<LockInfo | null> {
  const infos = await Promise.all(
    partsOf(resource, slots).map(async (name) => driver.inspect(name)),
  )
  return poolInfo(
    resource,
    infos.flatMap((info) => info ?? []),
  )
}

/** Like {@link inspectSlots}, on a synchronous driver. */
export function inspectSlotsSync(
  driver: LockDriver,
  resource: string,
  slots: readonly string[],
): LockInfo | null {
  return poolInfo(
    resource,
    partsOf(resource, slots).flatMap((name) => atOnce(driver.inspect(name)) ?? []),
  )
}

function partsOf(resource: string, slots: readonly string[]): string[] {
  return [...slots.map((slot) => slotName(resource, slot)), doorName(resource, slots)]
}
