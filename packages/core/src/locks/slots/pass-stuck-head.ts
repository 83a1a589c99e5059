import { pause } from '../../base/wait/pause.js'
import type { LockDriver } from '../contract/lock-driver.js'
import { doorName, slotName } from '../contract/slot-name.js'
import type { SlotGrant, SlotsWanted } from './slot-request.js'
import { atOnce, isFree, takeAny } from './try-slots.js'

/** As long as a waiter may leave a free lock where it is. */
export const LOOK_EVERY_MS = 1000

/** What one look has found. */
export interface Look {
  /** Who is the next to get a slot; empty where nobody is. */
  readonly head: string
  readonly free: readonly string[]
}

/**
 * Watches for those who wait at a door whether the one that is next leaves a slot where it is for a second, since it is stopped, blocked
 * or cannot be judged, and takes that slot. `null` once the signal is aborted.
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
      // Those who wait by the driver's own means are told what is wrong with it.
      last = undefined
    }
  }
}

/** The slots that one who is next has left free from one look to the other. */
export function freeFor(last: Look | undefined, now: Look): readonly string[] {
  if (last === undefined || now.head === '' || last.head !== now.head) return []
  return now.free.filter((slot) => last.free.includes(slot))
}

/** Looks who is the next, and which slots are free. */
async function look(driver: LockDriver, { resource, slots }: SlotsWanted): Promise<Look> {
  const door = await driver.inspect(doorName(resource, slots))
  const head = door?.id ?? ''
  if (head === '') return { head, free: [] }
  const infos = await Promise.all(
    slots.map(async (slot) => driver.inspect(slotName(resource, slot))),
  )
  return { head, free: slots.filter((_, index) => isFree(infos[index])) }
}

/** The same on a driver that needs no waiting. */
export function lookSync(driver: LockDriver, { resource, slots }: SlotsWanted): Look {
  const head = atOnce(driver.inspect(doorName(resource, slots)))?.id ?? ''
  if (head === '') return { head, free: [] }
  return {
    head,
    free: slots.filter((slot) => isFree(atOnce(driver.inspect(slotName(resource, slot))))),
  }
}
