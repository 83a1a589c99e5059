import assert from 'node:assert/strict'

import type { LockDriver } from '../../../drivers/driver.js'
import { withSlots } from '../../../locks/slots/with-slots.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { LIMITS, SHORT_LIMITS } from '../harness/engine-faults.js'
import { assertBusy, enqueue, locksOf } from '../locks/lock-actors.js'
import { POOL, served, slots, takeSlot, TWO } from '../locks/slot-actors.js'

/**
 * Slots while the engine, or the connection to it, fails: no holder is lost within its lease, and there are never more holders than
 * slots.
 */
export const slotFaultCases: readonly ConformanceCase[] = [
  {
    name: "keeps slots, and a waiter's queue position, across a reset",
    needs: ['openLink', 'leases'],
    async run(context) {
      const link = await context.link()
      const one = withSlots(locksOf(await context.driverOver(link, LIMITS)))
      await keepsSlots(context, one, () => {
        link.reset()
      })
    },
  },
  {
    name: "keeps slots, and a waiter's queue position, across an engine crash",
    needs: ['kill', 'leases'],
    async run(context) {
      const one = withSlots(locksOf(await context.openAt({ ...LIMITS, leaseMs: 9_999 })))
      await keepsSlots(context, one, async () => {
        const restart = await context.kill()
        await restart()
      })
    },
  },
  {
    name: 'reports the loss to the owner of a slot that was cut off before another one gets the slot',
    needs: ['openLink', 'leases'],
    async run(context) {
      const link = await context.link()
      const first = await takeSlot(withSlots(locksOf(await context.driverOver(link))), TWO)
      const other = await slotsOf(context)
      const second = await takeSlot(other, TWO)
      link.cut()
      const waiting = await enqueue(context, other, POOL, 0, slots(TWO))
      const heldThen = waiting.granted.then(() => first.isHeld())
      assert.equal(await context.settled(heldThen, 'the waiter is served'), false)
      const third = await served(context, waiting)
      assert.equal(third.slot, first.slot)
      assert.ok(third.token > first.token)
      assert.equal(second.isHeld(), true)
      link.heal()
      await first.release()
      assert.deepEqual([second.isHeld(), third.isHeld()], [true, true])
      await assertBusy(other, POOL, slots(TWO))
      await Promise.all([second.release(), third.release()])
    },
  },
]

async function slotsOf(context: CaseContext): Promise<LockDriver> {
  return withSlots(locksOf(await context.openAt(SHORT_LIMITS)))
}

/** Holds two of two slots through a fault, with a waiter in the queue. */
async function keepsSlots(
  context: CaseContext,
  one: LockDriver,
  fail: () => unknown,
): Promise<void> {
  const other = withSlots(locksOf(await context.openAt(LIMITS)))
  const held = [await takeSlot(one, TWO), await takeSlot(other, TWO)] as const
  const waiting = await enqueue(context, one, POOL, 0, slots(TWO))
  await fail()
  await context.eventually(async () => {
    const info = await Promise.resolve(other.inspect(POOL)).catch(() => null)
    return info?.holders.length === 2
  }, 'both holders are known')
  assert.deepEqual(
    held.map((grant) => grant.isHeld()),
    [true, true],
  )
  assert.equal(waiting.outcome, 'waiting')
  await held[0].release()
  const next = await served(context, waiting)
  assert.equal(next.slot, held[0].slot)
  assert.ok(next.token > held[0].token)
  assert.equal(held[1].isHeld(), true)
  await assertBusy(other, POOL, slots(TWO))
  await Promise.all([next.release(), held[1].release()])
}
