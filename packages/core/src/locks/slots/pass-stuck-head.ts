import { pause } from '../../base/wait/pause.js'
import type { LockDriver } from '../contract/lock-driver.js'
import { doorName, slotName } from '../contract/slot-name.js'
import type { SlotGrant, SlotsWanted } from './slot-request.js'
import { atOnce, isFree, takeAny } from './try-slots.js'

/** How long a waiter may leave a free slot unclaimed. */
export const LOOK_EVERY_MS = 1000

/** The result of one check. */
export interface Look {
  /** The next waiter to get a slot; empty if there is none. */
  readonly head: string
  readonly free: readonly string[]
}

/**
 * Watches the head of the queue at a door. If it leaves a slot unclaimed for a second (it is stopped, blocked or cannot be judged),
 * takes that slot. `null` once the signal is aborted.
 */
export async function passStuckHead(
  driver: LockDriver,
  request: SlotsWanted,
  signal: AbortSignal,
): Promise<SlotGrant | null> {
  let last: Look | undefined
  for (;;) {
    await pause(LOOK_EVERY_MS, signal, { keepsAlive: false })
    if (signal.aborted) return null
    try {
      const now = await look(driver, request)
      const left = freeFor(last, now)
      last = now
      const grant = left.length > 0 ? await takeAny(driver, request, left) : null
      if (grant !== null) return grant
    } catch {
      // The regular wait on the driver reports what is wrong with it.
      last = undefined
    }
  }
}

/** Returns the slots that the same head left free between two checks. */
export function freeFor(last: Look | undefined, now: Look): readonly string[] {
  if (last === undefined || now.head === '' || last.head !== now.head) return []
  return now.free.filter((slot) => last.free.includes(slot))
}

/** Checks which waiter is next and which slots are free. */
async function look(driver: LockDriver, { resource, slots }: SlotsWanted): Promise<Look> {
  const door = await driver.inspect(doorName(resource, slots))
  const head = door?.id ?? ''
  if (head === '') return { head, free: [] }
  const infos = await Promise.all(
    slots.map(async (slot) => driver.inspect(slotName(resource, slot))),
  )
  return { head, free: slots.filter((_, index) => isFree(infos[index])) }
}

/** Like `look`, on a synchronous driver. */
export function lookSync(driver: LockDriver, { resource, slots }: SlotsWanted): Look {
  const head = atOnce(driver.inspect(doorName(resource, slots)))?.id ?? ''
  if (head === '') return { head, free: [] }
  return {
    head,
    free: slots.filter((slot) => isFree(atOnce(driver.inspect(slotName(resource, slot))))),
  }
}
