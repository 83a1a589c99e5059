import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { assertBusy, enqueue, take } from './lock-actors.js'

const SHARED = { mode: 'shared' } as const

/** Shared mode. */
export const lockSharingCases: readonly ConformanceCase[] = [
  {
    name: 'admits sharers together, each with its own token',
    needs: ['sharedLocks'],
    async run(context) {
      const drivers = [await context.locks(), await context.locks(), await context.locks()]
      const grants = []
      for (const locks of drivers) grants.push(await take(locks, 'db', SHARED))
      assert.equal(new Set(grants.map(({ token }) => token)).size, 3)
      for (const grant of grants) assert.equal(grant.isHeld(), true)
      for (const grant of grants) await grant.release()
    },
  },
  {
    name: 'keeps an exclusive owner out until the last sharer has gone',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const sharers = [await take(one, 'db', SHARED), await take(other, 'db', SHARED)]
      await assertBusy(other, 'db')
      const waiting = await enqueue(context, other, 'db', 0)
      await sharers[0]?.release()
      assert.equal((await one.inspect('db'))?.id, sharers[1]?.id)
      assert.equal(waiting.outcome, 'waiting')
      await sharers[1]?.release()
      await context.settled(waiting.granted, 'the exclusive waiter is served')
    },
  },
  {
    name: 'keeps sharers out while an exclusive owner holds the lock',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const exclusive = await take(one, 'db')
      await assertBusy(other, 'db', SHARED)
      const first = await enqueue(context, other, 'db', 0, SHARED)
      const second = await enqueue(context, one, 'db', 1, SHARED)
      await exclusive.release()
      // Both are served, without one having to release first.
      await context.settled(Promise.all([first.granted, second.granted]), 'both are served')
    },
  },
  {
    name: 'lets no sharer overtake an exclusive waiter',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const sharer = await take(one, 'db', SHARED)
      const exclusive = await enqueue(context, other, 'db', 0)
      await assertBusy(one, 'db', SHARED)
      const late = await enqueue(context, one, 'db', 1, SHARED)
      await sharer.release()
      const grant = await context.settled(exclusive.granted, 'the exclusive waiter is served')
      assert.equal(late.outcome, 'waiting')
      await grant.release()
      await context.settled(late.granted, 'the late sharer is served')
    },
  },
  {
    name: 'lets a flow share its own shared lock again, ahead of an exclusive waiter',
    needs: ['sharedLocks'],
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const outer = await take(one, 'db', SHARED)
      const exclusive = await enqueue(context, other, 'db', 0)
      const inner = await take(one, 'db', { ...SHARED, held: [outer.id] })
      await inner.release()
      assert.equal(outer.isHeld(), true)
      await outer.release()
      await context.settled(exclusive.granted, 'the exclusive waiter is served')
    },
  },
]
