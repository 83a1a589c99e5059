import assert from 'node:assert/strict'

import { becomeLatest } from '../../../locks/latest-waiter.js'
import { withSlots } from '../../../locks/slots/with-slots.js'
import type { ConformanceCase } from '../harness/conformance-case.js'

/** What holds for waiters of which only the latest is to stay. */
export const lockLatestCases: readonly ConformanceCase[] = [
  {
    name: 'tells the latest waiter that a newer one has come, and nobody else',
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
      // It is no lock that anybody is shown.
      assert.deepEqual(await withSlots(one).list(), [])
      assert.equal(await withSlots(one).inspect('db'), null)
      first.stop()
      assert.equal(second.isLatest(), true)
      for (const waiter of [second, elsewhere]) waiter.stop()
      await context.eventually(async () => (await other.list()).length === 0, 'nothing is left')
    },
  },
]
