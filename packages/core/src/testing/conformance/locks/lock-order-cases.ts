import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { assertBusy, enqueue, startWaiting, take, type Waiting } from './lock-actors.js'

/** Waiting, and who is next. */
export const lockOrderCases: readonly ConformanceCase[] = [
  {
    name: 'hands a released lock to the waiter',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      assert.equal(waiting.outcome, 'waiting')
      await held.release()
      const grant = await context.settled(waiting.granted, 'the waiter is served')
      assert.equal(grant.isHeld(), true)
      assert.ok(grant.token > held.token)
    },
  },
  {
    name: 'serves waiters in the order of arrival',
    async run(context) {
      const drivers = [await context.locks(), await context.locks(), await context.locks()]
      const held = await take(await context.locks(), 'db')
      const served: number[] = []
      const turns: Promise<void>[] = []
      for (let turn = 0; turn < 9; turn += 1) {
        const locks = drivers[turn % drivers.length] ?? (await context.locks())
        const waiting = await enqueue(context, locks, 'db', turn)
        turns.push(
          waiting.granted.then(async (grant) => {
            served.push(turn)
            await grant.release()
          }),
        )
      }
      await held.release()
      await context.settled(Promise.all(turns), 'every waiter is served')
      assert.deepEqual(served, [0, 1, 2, 3, 4, 5, 6, 7, 8])
    },
  },
  {
    name: 'does not overtake waiters with tryAcquire',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      // Released and requested again before the waiter can know.
      const released = held.release()
      await assertBusy(one, 'db')
      await released
      await context.settled(waiting.granted, 'the waiter is served')
    },
  },
  {
    name: 'tells a waiter who holds the lock',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const waiting = startWaiting(context, other, 'db')
      const info = await context.eventually(() => waiting.told[0], 'onWait is called')
      assert.equal(info.resource, 'db')
      assert.equal(info.id, held.id)
      assert.equal(info.owner.pid, process.pid)
      await held.release()
      await context.settled(waiting.granted, 'the waiter is served')
    },
  },
  {
    name: 'waits without onWait just as well',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const { signal } = new AbortController()
      const request = { resource: 'db', mode: 'exclusive', id: 'nobody-asked', held: [] } as const
      const granted = other.acquire(request, { signal })
      await held.release()
      await (await context.settled(granted, 'the waiter is served')).release()
    },
  },
  {
    name: 'refuses a wait that would close a cycle',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const a = await take(one, 'a')
      const b = await take(other, 'b')
      const forB = await enqueue(context, one, 'b', 0, { held: [a.id] })
      const forA = startWaiting(context, other, 'a', { held: [b.id] })
      await context.eventually(() => isRefused(forA) || isRefused(forB), 'one of them is refused')
      const refused = isRefused(forA) ? forA : forB
      await assert.rejects(refused.granted, { code: 'LOCK_DEADLOCK' })
      // The other one continues once the refused flow has released its lock.
      await (refused === forA ? b : a).release()
      const rest = refused === forA ? forB : forA
      await context.settled(rest.granted, 'the other one is served')
      await (refused === forA ? a : b).release()
    },
  },
]

function isRefused({ outcome }: Waiting): boolean {
  return outcome === 'rejected'
}
