import assert from 'node:assert/strict'

import type { LockDriver } from '../../../drivers/driver.js'
import { slotName } from '../../../locks/contract/slot-name.js'
import { withSlots } from '../../../locks/slots/with-slots.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { assertBusy, enqueue, startWaiting, take } from './lock-actors.js'
import { POOL, served, slots, takeSlot, TWO } from './slot-actors.js'

/** Slots made from a driver's locks. */
export const lockSlotCases: readonly ConformanceCase[] = [
  {
    name: 'admits one holder per slot',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const first = await takeSlot(one, TWO)
      const second = await takeSlot(other, TWO)
      assert.deepEqual([first.slot, second.slot], TWO)
      await assertBusy(other, POOL, slots(TWO))
      await first.release()
      const third = await takeSlot(other, TWO)
      assert.equal(third.slot, 'a')
      assert.ok(third.token > first.token)
      await Promise.all([second.release(), third.release()])
    },
  },
  {
    name: 'gives a waiter the first slot that becomes free',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const [first, second] = [await takeSlot(one, TWO), await takeSlot(one, TWO)]
      for (const held of [second, first]) {
        const waiting = await enqueue(context, other, POOL, 0, slots(TWO))
        await held.release()
        const grant = await served(context, waiting)
        assert.equal(grant.slot, held.slot)
        assert.equal(grant.isHeld(), true)
      }
    },
  },
  {
    name: 'serves waiters for the same slots in the order of arrival',
    async run(context) {
      const one = await locksOf(context)
      const drivers = [one, await locksOf(context), await locksOf(context)]
      const held = [await takeSlot(one, TWO), await takeSlot(one, TWO)]
      const order: number[] = []
      const turns: Promise<void>[] = []
      for (let turn = 0; turn < 8; turn += 1) {
        const locks = drivers[turn % drivers.length] ?? one
        // The order of the names does not matter.
        const wanted = turn % 2 === 0 ? TWO : [...TWO].reverse()
        const waiting = await enqueue(context, locks, POOL, turn, slots(wanted))
        turns.push(
          waiting.granted.then(async (grant) => {
            order.push(turn)
            await grant.release()
          }),
        )
      }
      await held[0]?.release()
      await context.settled(Promise.all(turns), 'every waiter is served')
      assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7])
      await held[1]?.release()
    },
  },
  {
    name: 'shares slots that several sets have in common',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const first = await takeSlot(one, ['1', '2'])
      const second = await takeSlot(other, ['2', '3'])
      assert.deepEqual([first.slot, second.slot], ['1', '2'])
      await assertBusy(one, POOL, slots(['1', '2']))
      const waiting = await enqueue(context, one, POOL, 0, slots(['1', '2']))
      // A waiter for a different slot does not queue behind that one.
      const third = await takeSlot(other, ['3'])
      await second.release()
      assert.equal((await served(context, waiting)).slot, '2')
      await Promise.all([first.release(), third.release()])
    },
  },
  {
    name: 'does not overtake waiters for a slot, and grants slots beyond what they need',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const [first, second] = [await takeSlot(one, TWO), await takeSlot(one, TWO)]
      const waiting = await enqueue(context, other, POOL, 0, slots(TWO))
      const released = first.release()
      await assertBusy(one, POOL, slots(TWO))
      await released
      const grant = await served(context, waiting)
      await second.release()
      const next = await takeSlot(one, TWO)
      assert.equal(next.slot, 'b')
      await Promise.all([grant.release(), next.release()])
    },
  },
  {
    name: 'shows the slots of a resource as one lock',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const first = await takeSlot(one, TWO, { label: 'first' })
      const second = await takeSlot(other, TWO)
      const waiting = await enqueue(context, other, POOL, 0, { ...slots(TWO), label: 'next' })
      const behind = await enqueue(context, one, POOL, 1, slots(TWO))
      const info = await one.inspect(POOL)
      assert.deepEqual(
        (await other.list()).map(({ resource }) => resource),
        [POOL],
      )
      assert.deepEqual(
        info?.holders.map(({ id, token, slot, label }) => ({ id, token, slot, label })),
        [
          { id: first.id, token: first.token, slot: 'a', label: 'first' },
          { id: second.id, token: second.token, slot: 'b', label: undefined },
        ],
      )
      assert.deepEqual(
        info?.waiting.map(({ label }) => label),
        ['next', undefined],
      )
      const told = await context.eventually(() => waiting.told[0], 'onWait is called')
      assert.equal(told.resource, POOL)
      assert.equal(told.holders.length, 2)
      behind.abort(new Error('enough'))
      await Promise.all([first.release(), second.release()])
      await (await served(context, waiting)).release()
      await context.eventually(async () => (await one.inspect(POOL)) === null, 'nothing is left')
    },
  },
  {
    name: 'releases one slot by force, by the id of its holder',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const [first, second] = [await takeSlot(one, TWO), await takeSlot(one, TWO)]
      const lost = new Promise<void>((resolve) => second.onLost(resolve))
      assert.equal(await other.forceRelease(POOL, 'nobody'), false)
      assert.equal(await other.forceRelease(POOL, second.id), true)
      await context.settled(lost, 'the owner is told')
      const next = await takeSlot(other, TWO)
      assert.equal(next.slot, 'b')
      assert.ok(next.token > second.token)
      await second.release()
      assert.equal(next.isHeld(), true)
      await Promise.all([first.release(), next.release()])
    },
  },
  {
    name: 'ends an aborted wait for a slot, and serves the next waiter',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const held = [await takeSlot(one, TWO), await takeSlot(one, TWO)]
      const first = await enqueue(context, other, POOL, 0, slots(TWO))
      const second = await enqueue(context, other, POOL, 1, slots(TWO))
      const reason = new Error('no longer wanted')
      first.abort(reason)
      await assert.rejects(first.granted, (error) => error === reason)
      await held[0]?.release()
      await (await served(context, second)).release()
      await held[1]?.release()
      await context.eventually(async () => (await one.inspect(POOL)) === null, 'nothing is left')
    },
  },
  {
    name: 'refuses a wait for one slot that would close a cycle, with a readable name',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const slot = await takeSlot(one, ['a'])
      const lock = await take(other, 'db')
      const forLock = startWaiting(context, one, 'db', { held: [slot.id] })
      const forSlot = startWaiting(context, other, POOL, { ...slots(['a']), held: [lock.id] })
      await context.eventually(
        () => [forLock, forSlot].some(({ outcome }) => outcome === 'rejected'),
        'one of them is refused',
      )
      const refused = forLock.outcome === 'rejected' ? forLock : forSlot
      await assert.rejects(refused.granted, (error: Error & { code?: string }) => {
        assert.equal(error.code, 'LOCK_DEADLOCK')
        assert.equal(error.message.includes('\u001f') || error.message.includes('\\u001f'), false)
        return true
      })
      await (refused === forLock ? slot : lock).release()
      await context.settled(
        (refused === forLock ? forSlot : forLock).granted,
        'the other one is served',
      )
      await (refused === forLock ? lock : slot).release()
    },
  },
  {
    name: 'does not refuse a wait for a flow that can be granted another slot',
    async run(context) {
      const drivers = [await locksOf(context), await locksOf(context), await locksOf(context)]
      const [one, other, third] = drivers as [LockDriver, LockDriver, LockDriver]
      const lock = await take(one, 'db')
      const [first, second] = [await takeSlot(other, TWO), await takeSlot(third, TWO)]
      const forSlot = startWaiting(context, one, POOL, { ...slots(TWO), held: [lock.id] })
      for (const slot of TWO) {
        await context.eventually(
          async () => ((await one.inspect(slotName(POOL, slot)))?.waiters.length ?? 0) > 0,
          'it waits for each slot',
        )
      }
      const forLock = await enqueue(context, other, 'db', 0, { held: [first.id] })
      await second.release()
      await (await served(context, forSlot)).release()
      await lock.release()
      await (await served(context, forLock)).release()
      await first.release()
    },
  },
  {
    name: 'keeps slots separate from the lock of that name',
    async run(context) {
      const [one, other] = [await locksOf(context), await locksOf(context)]
      const whole = await take(one, POOL)
      const slot = await takeSlot(other, TWO)
      assert.equal((await one.inspect(POOL))?.id, whole.id)
      await Promise.all([whole.release(), slot.release()])
    },
  },
]

async function locksOf(context: CaseContext): Promise<LockDriver> {
  return withSlots(await context.locks())
}
