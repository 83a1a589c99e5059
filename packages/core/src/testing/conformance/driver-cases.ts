import assert from 'node:assert/strict'

import { randomId } from '../../base/names/random-id.js'
import type { ConformanceCase } from './harness/conformance-case.js'

const CAPABILITIES = [
  'leases',
  'sharedLocks',
  'synchronous',
  'replay',
  'durableGroups',
  'remote',
] as const

/** The promises of a driver as a whole. */
export const driverCases: readonly ConformanceCase[] = [
  {
    name: 'reports its name and capabilities',
    async run(context) {
      const { name, capabilities } = await context.driver()
      assert.ok(name.length > 0)
      for (const capability of CAPABILITIES)
        assert.equal(typeof capabilities[capability], 'boolean', capability)
    },
  },
  {
    name: 'returns the same object for a primitive on each access',
    async run(context) {
      const driver = await context.driver()
      for (const primitive of ['locks', 'events', 'registry', 'rpc'] as const)
        assert.equal(driver[primitive], driver[primitive], primitive)
    },
  },
  {
    name: 'has synchronous operations exactly if it claims them',
    async run(context) {
      const { capabilities, locks, events, registry } = await context.driver()
      const operations = [
        locks && typeof locks.tryAcquireSync,
        events && typeof events.appendSync,
        registry && typeof registry.registerSync,
        registry && typeof registry.unregisterSync,
      ]
      const expected = capabilities.synchronous ? 'function' : 'undefined'
      for (const operation of operations) assert.equal(operation ?? expected, expected)
    },
  },
  {
    name: 'claims a clean-up for one driver within the interval',
    async run(context) {
      const [one, other] = [await context.driver(), await context.driver()]
      // An engine that expires data itself has nothing to claim.
      if (one.claimCleanup === undefined) return
      assert.equal(one.claimCleanup(60_000), true)
      assert.equal(one.claimCleanup(60_000), false)
      assert.equal(other.claimCleanup?.(60_000), false)
    },
  },
  {
    name: 'continues after another driver on the same place was closed',
    needs: ['peers'],
    async run(context) {
      const closed = await context.driver()
      const kept = await context.driver()
      const probe = { resource: randomId(), mode: 'exclusive', id: randomId(), held: [] } as const
      await kept.registry?.discover({ probe: false })
      await context.closeDriver(closed)
      if (kept.locks !== undefined) await (await kept.locks.tryAcquire(probe))?.release()
      if (kept.registry !== undefined)
        assert.deepEqual(await kept.registry.discover({ probe: false }), [])
    },
  },
]
