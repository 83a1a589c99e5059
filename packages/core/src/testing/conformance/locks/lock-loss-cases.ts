import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { enqueue, take } from './lock-actors.js'

/** Locks that are taken away by force. */
export const lockLossCases: readonly ConformanceCase[] = [
  {
    name: 'takes a lock by force only from the id that holds it',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const first = await take(one, 'db')
      await first.release()
      const second = await take(one, 'db')
      assert.equal(await other.forceRelease('db', first.id), false)
      assert.equal(await other.forceRelease('db', 'nobody'), false)
      assert.equal(await other.forceRelease('elsewhere', second.id), false)
      assert.equal(second.isHeld(), true)
      assert.equal(await other.forceRelease('db', second.id), true)
      assert.equal(await other.forceRelease('db', second.id), false)
      assert.equal(await other.inspect('db'), null)
    },
  },
  {
    name: 'tells the owner once that its lock was taken away',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      let calls = 0
      context.defer(
        grant.onLost(() => {
          calls += 1
        }),
      )
      await other.forceRelease('db', grant.id)
      await context.eventually(() => calls > 0, 'onLost is called')
      await context.eventually(() => !grant.isHeld(), 'the grant knows of it')
      await grant.release()
      const next = await take(other, 'db')
      assert.equal(calls, 1)
      assert.ok(next.token > grant.token)
      await next.release()
    },
  },
  {
    name: 'reports no loss after a release, or to a listener that has stopped',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const [released, taken, witness] = [
        await take(one, 'a'),
        await take(one, 'b'),
        await take(one, 'c'),
      ]
      const lost: string[] = []
      released.onLost(() => lost.push('released'))
      taken.onLost(() => lost.push('stopped'))()
      context.defer(witness.onLost(() => lost.push('witness')))
      await released.release()
      await other.forceRelease('b', taken.id)
      await other.forceRelease('c', witness.id)
      await context.eventually(() => lost.includes('witness'), 'the witness hears of its loss')
      assert.deepEqual(lost, ['witness'])
    },
  },
  {
    name: 'serves the waiter after a forced release',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const grant = await take(one, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      assert.equal(await other.forceRelease('db', grant.id), true)
      const next = await context.settled(waiting.granted, 'the waiter is served')
      // The previous owner releases without knowing of its loss: that must not affect the new owner.
      await grant.release()
      assert.equal(next.isHeld(), true)
      assert.equal((await one.inspect('db'))?.id, next.id)
    },
  },
]
