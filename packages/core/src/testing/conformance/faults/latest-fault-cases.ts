import assert from 'node:assert/strict'

import { pause } from '../../../base/wait/pause.js'
import type { LockDriver } from '../../../drivers/driver.js'
import { becomeLatest } from '../../../locks/latest-waiter.js'
import type { CaseContext } from '../harness/case-context.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { SHORT_LIMITS } from '../harness/engine-faults.js'
import { locksOf } from '../locks/lock-actors.js'

/** Waiters of which only the latest stays, while the engine, or the connection to it, fails. */
export const latestFaultCases: readonly ConformanceCase[] = [
  {
    name: 'reports a newer waiter to the latest one across a reset, and only if there is one',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const one = locksOf(await context.driverOver(link, { leaseMs: 10 * SHORT_LIMITS.leaseMs }))
      const other = locksOf(await context.openAt(SHORT_LIMITS))
      await superseded(context, one, other, () => {
        link.reset()
      })
    },
  },
  {
    name: 'reports a newer waiter to the latest one across a cut longer than its lease, and only if there is one',
    needs: ['openLink', 'leases'],
    async run(context) {
      const link = await context.link()
      const one = locksOf(await context.driverOver(link))
      const other = locksOf(await context.openAt(SHORT_LIMITS))
      await superseded(context, one, other, async (isLatest) => {
        link.cut()
        await context.eventually(() => !isLatest(), 'the lease ends')
        link.heal()
      })
    },
  },
  {
    name: 'reports a newer waiter to the latest one across an engine crash, and only if there is one',
    needs: ['kill'],
    async run(context) {
      const one = locksOf(await context.openAt(SHORT_LIMITS))
      const other = locksOf(await context.openAt({ ...SHORT_LIMITS, leaseMs: 1_001 }))
      await superseded(context, one, other, async () => {
        const restart = await context.kill()
        await restart()
      })
    },
  },
]

/** Lets a waiter stay the latest through a fault, and a newer one arrive afterwards. */
async function superseded(
  context: CaseContext,
  one: LockDriver,
  other: LockDriver,
  fail: (isLatest: () => boolean) => unknown,
): Promise<void> {
  const told: string[] = []
  const first = becomeLatest(one, { resource: 'db' }, () => told.push('first'))
  context.defer(() => first.stop())
  await context.settled(first.ready, 'it is the latest')
  await fail(() => first.isLatest())
  await context.eventually(() => first.isLatest(), 'it is the latest again')
  // Long enough for a renewal to find out.
  await pause(SHORT_LIMITS.leaseMs)
  assert.equal(told.length, 0)
  const second = becomeLatest(other, { resource: 'db' }, () => told.push('second'))
  context.defer(() => second.stop())
  await context.settled(second.ready, 'the newer one is the latest')
  await context.eventually(() => told.includes('first'), 'the older one is told')
  assert.equal(told.includes('second'), false)
  assert.deepEqual([first.isLatest(), second.isLatest()], [false, true])
}
