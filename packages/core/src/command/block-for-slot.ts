import type { LockGrant, LockDriver } from '../locks/contract/lock-driver.js'
import { freeFor, type Look, LOOK_EVERY_MS, lookSync } from '../locks/slots/pass-stuck-head.js'
import {
  ofSlot,
  requestFor,
  requestForDoor,
  type SlotGrant,
  type SlotsWanted,
} from '../locks/slots/slot-request.js'
import { takeAnySync } from '../locks/slots/try-slots.js'
import {
  type BlockingWait,
  blockForAnyTurn,
  blockForTurn,
} from '../drivers/local/locks/block-for-turn.js'
import type { LockContext } from '../drivers/local/locks/lock-context.js'

/**
 * Waits for any of the slots as `waitForSlot` does, first at the door and then in the queues of all slots, but blocks the thread. Returns
 * `null` at the timeout.
 *
 * @param locks the locks of the place
 * @throws CliOpsError `LOCK_DEADLOCK`, `STORAGE_FAILED`
 */
export function blockForSlot(
  context: LockContext,
  locks: LockDriver,
  request: SlotsWanted,
  { timeoutMs, onPause }: BlockingWait,
): SlotGrant | null {
  const nowMs = (): number => Number(context.clock.monotonicNs() / 1_000_000n)
  const began = nowMs()
  const watch = watchStuckHead(locks, request, nowMs)
  const entered: SlotGrant | null = blockForTurn(context, requestForDoor(request), {
    timeoutMs,
    onPause: () => onPause() ?? watch(),
  })
  if (entered === null || entered.slot !== undefined) return entered
  try {
    return (
      takeAnySync(locks, request) ??
      blockForAny(context, request, entered, { timeoutMs: timeoutMs - (nowMs() - began), onPause })
    )
  } finally {
    entered.releaseSync?.()
  }
}

function blockForAny(
  context: LockContext,
  request: SlotsWanted,
  door: LockGrant,
  wait: BlockingWait,
): SlotGrant | null {
  const { slots } = request
  const requests = slots.map((slot) => requestFor(request, slot, door.id))
  const grant = blockForAnyTurn(context, requests, wait)
  const index = requests.findIndex(({ id }) => id === grant?.id)
  return grant === null ? null : ofSlot(grant, slots[index] ?? '')
}

/** Takes a slot that the next in line leaves unclaimed, as `passStuckHead` does. */
function watchStuckHead(
  locks: LockDriver,
  request: SlotsWanted,
  nowMs: () => number,
): () => SlotGrant | null {
  let last: Look | undefined
  let lookAt = nowMs() + LOOK_EVERY_MS
  return () => {
    if (nowMs() < lookAt) return null
    lookAt = nowMs() + LOOK_EVERY_MS
    const now = lookSync(locks, request)
    const left = freeFor(last, now)
    last = now
    return left.length > 0 ? takeAnySync(locks, request, left) : null
  }
}
