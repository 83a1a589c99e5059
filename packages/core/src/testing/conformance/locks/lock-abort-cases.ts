import { nextTurn } from '../../../base/wait/next-turn.js'
import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { enqueue, newRequest, startWaiting, take } from './lock-actors.js'

/** Cancelled waits. */
export const lockAbortCases: readonly ConformanceCase[] = [
  {
    name: 'rejects an aborted wait with the reason and leaves the queue',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      const reason = new Error('enough')
      waiting.abort(reason)
      await assert.rejects(
        context.settled(waiting.granted, 'the wait ends'),
        (error) => error === reason,
      )
      assert.deepEqual((await one.inspect('db'))?.waiters, [])
      await held.release()
      // A waiter that has left is granted nothing.
      await (await take(one, 'db')).release()
    },
  },
  {
    name: 'leaves the queue when it is closed, whenever the wait was cancelled',
    needs: ['leases'],
    async run(context) {
      const one = await context.locks()
      const held = await take(one, 'db')
      for (let round = 0; round < 12; round += 1) {
        const driver = await context.openAt({})
        const { locks } = driver
        assert.ok(locks !== undefined)
        const waiting =
          round % 2 === 0
            ? await enqueue(context, locks, 'db', 0)
            : startWaiting(context, locks, 'db')
        for (let turn = 1; turn < round; turn += 2) await nextTurn()
        waiting.abort(new Error('enough'))
        await context.settled(context.closeDriver(driver), 'close settles')
        assert.deepEqual((await one.inspect('db'))?.waiters, [])
      }
      await held.release()
      await (await take(one, 'db')).release()
    },
  },
  {
    name: 'serves the next waiter when the first one has given up',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const held = await take(one, 'db')
      const first = await enqueue(context, other, 'db', 0)
      const second = await enqueue(context, one, 'db', 1)
      first.abort(new Error('enough'))
      await assert.rejects(first.granted)
      assert.equal(second.outcome, 'waiting')
      await held.release()
      await context.settled(second.granted, 'the second waiter is served')
    },
  },
  {
    name: 'takes nothing if the signal is already aborted',
    async run(context) {
      const locks = await context.locks()
      const reason = new Error('too late')
      await assert.rejects(
        locks.acquire(newRequest('db'), { signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      )
      assert.equal(await locks.inspect('db'), null)
    },
  },
  {
    name: 'keeps a lock that was granted when its signal is aborted later',
    async run(context) {
      const locks = await context.locks()
      const controller = new AbortController()
      const grant = await locks.acquire(newRequest('db'), { signal: controller.signal })
      controller.abort(new Error('too late'))
      await nextTurn()
      assert.equal(grant.isHeld(), true)
      assert.equal((await locks.inspect('db'))?.id, grant.id)
      await grant.release()
    },
  },
]
