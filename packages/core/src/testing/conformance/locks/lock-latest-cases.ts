import assert from 'node:assert/strict'

import { becomeLatest } from '../../../locks/latest-waiter.js'
import { withSlots } from '../../../locks/slots/with-slots.js'
import type { ConformanceCase } from '../harness/conformance-case.js'

/** Waiters of which only the latest stays. */
export const lockLatestCases: readonly ConformanceCase[] = [
  {
    name: 'tells only the latest waiter that a newer one has come',
    async run(context) {
      const [one, other] = [await context.locks(), await context.locks()]
      const told: string[] = []
      const first = becomeLatest(one, { resource: 'db' }, () => told.push('first'))
      await first.ready
      assert.equal(first.isLatest(), true)
      const second = becomeLatest(other, { resource: 'db' }, () => told.push('second'))
      const elsewhere = becomeLatest(other, { resource: 'files' }, () => told.push('elsewhere'))
      await Promise.all([second.ready, elsewhere.ready])
      await context.eventually(() => told.length > 0, 'the older one is told')
      assert.deepEqual(told, ['first'])
      assert.deepEqual([first.isLatest(), second.isLatest()], [false, true])
      // The mark is not a lock that is listed.
      assert.deepEqual(await withSlots(one).list(), [])
      assert.equal(await withSlots(one).inspect('db'), null)
      first.stop()
      assert.equal(second.isLatest(), true)
      for (const waiter of [second, elsewhere]) waiter.stop()
      await context.eventually(async () => (await other.list()).length === 0, 'nothing is left')
    },
  },
]
