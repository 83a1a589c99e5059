import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { type OutageLimits, throughOutage } from '../../base/errors/through-outage.js'
import { anySignal } from '../../base/wait/abort-signal.js'
import type { LockDriver, LockGrant, LockWait } from '../contract/lock-driver.js'
import type { LockInfo } from '../contract/lock-types.js'
import { inspectSlots } from './inspect-slots.js'
import { passStuckHead } from './pass-stuck-head.js'
import {
  ofSlot,
  requestFor,
  requestForDoor,
  type SlotGrant,
  type SlotsWanted,
} from './slot-request.js'
import { takeAny } from './try-slots.js'

const RETRY_MS = 100

/** How the wait at a door ended. */
type Entered = { readonly door: LockGrant } | { readonly passed: SlotGrant }

/**
 * Waits for any of the slots, in the order of arrival among waiters that want the same ones. They queue for a separate lock, the door.
 * Its holder is next and waits in the queues of all its slots at the same time, so any slot that becomes free wakes it. A slot that it
 * does not take is offered to the next waiter, and dead waiters are skipped as in any queue.
 */
export async function waitForSlot(
  driver: LockDriver,
  request: SlotsWanted,
  wait: LockWait,
): Promise<SlotGrant> {
  let isOver = false
  const { onWait } = wait
  const tell = onWait && ((told: LockInfo): void => void describe(told).catch(() => undefined))
  const describe = async ({ closedUntil }: LockInfo): Promise<void> => {
    const info = await inspectSlots(driver, request)
    if (info === null || isOver || wait.signal.aborted) return
    onWait?.(closedUntil === undefined || info.id !== '' ? info : { ...info, closedUntil })
  }
  const told: LockWait = { signal: wait.signal, onWait: tell }
  try {
    const entered = await enter(driver, request, told)
    if ('passed' in entered) return entered.passed
    try {
      const { door } = entered
      const free = await throughOutage(borneBy(door, wait.signal), () => takeAny(driver, request))
      return free ?? (await waitForAny(driver, request, door, told))
    } finally {
      await entered.door.release()
    }
  } finally {
    isOver = true
  }
}

/** Waits until this waiter is next, or the head leaves a slot unclaimed. */
function enter(driver: LockDriver, request: SlotsWanted, wait: LockWait): Promise<Entered> {
  const over = new AbortController()
  const { signal, stop } = anySignal(wait.signal, over.signal)
  let isOver = false
  return new Promise((resolve, reject) => {
    const settle = (entered: Entered): void => {
      // Both came through: release one of them.
      if (isOver) void ('door' in entered ? entered.door : entered.passed).release()
      isOver = true
      over.abort()
      resolve(entered)
    }
    void driver
      .acquire(requestForDoor(request), { ...wait, signal })
      .then((door) => settle({ door }))
      .catch(reject)
      .finally(() => {
        over.abort()
        stop()
      })
    void passStuckHead(driver, request, signal).then((passed) => {
      if (passed !== null) settle({ passed })
    })
  })
}

/** Waits in the queues of all slots; the first free slot ends the other waits. */
async function waitForAny(
  driver: LockDriver,
  request: SlotsWanted,
  door: LockGrant,
  wait: LockWait,
): Promise<SlotGrant> {
  const { slots } = request
  const over = new AbortController()
  const { signal, stop } = anySignal(wait.signal, over.signal)
  let won: SlotGrant | undefined
  let failure: { readonly error: unknown } | undefined
  let refused = 0
  const waitFor = async (slot: string): Promise<void> => {
    try {
      const asked = requestFor(request, slot, door.id)
      const grant = await throughOutage(borneBy(door, signal), () =>
        driver.acquire(asked, { ...wait, signal }),
      )
      if (won !== undefined || failure !== undefined) await grant.release()
      else won = ofSlot(grant, slot)
    } catch (error) {
      if (won !== undefined || failure !== undefined) return
      if (isCliOpsError(error, 'LOCK_DEADLOCK') && (refused += 1) < slots.length) return
      failure = { error }
    }
    over.abort()
  }
  await Promise.all(slots.map(waitFor)).finally(stop)
  if (won !== undefined) return won
  throw failure?.error
}

/** A short engine outage does not end the wait while this waiter is next. */
function borneBy(door: LockGrant, signal: AbortSignal): OutageLimits {
  return {
    patienceMs: Infinity,
    pauseMs: RETRY_MS,
    signal,
    isWorthIt: () => door.isHeld(),
  }
}
