import assert from 'node:assert/strict'

import type { Driver, RegistryDriver } from '../../../drivers/driver.js'
import type { ConformanceCase } from '../harness/conformance-case.js'
import { SHORT_LIMITS } from '../harness/engine-faults.js'
import { instancesIn, newRecord } from '../registry/registry-actors.js'
import { pause } from '../../../base/wait/pause.js'

/** Records while the engine, or the connection to it, fails. */
export const registryFaultCases: readonly ConformanceCase[] = [
  {
    name: 'hides an instance that was cut off, and shows it again when it is back',
    needs: ['openLink'],
    async run(context) {
      const link = await context.link()
      const registry = await context.registry()
      const record = newRecord('cli-alpha')
      await registryOf(await context.driverOver(link)).register(record)
      assert.deepEqual(await instancesIn(registry), [record.instance])
      link.cut()
      await context.eventually(
        async () => (await instancesIn(registry)).length === 0,
        'the record has gone',
      )
      link.heal()
      await context.eventually(
        async () => (await instancesIn(registry)).includes(record.instance),
        'the record is back',
      )
    },
  },
  {
    name: 'keeps the record of a live instance for longer than a lease',
    needs: ['remote'],
    async run(context) {
      const registry = registryOf(await context.openAt(SHORT_LIMITS))
      const record = newRecord('cli-alpha')
      await registry.register(record)
      const until = performance.now() + 2 * SHORT_LIMITS.leaseMs
      while (performance.now() < until) {
        assert.deepEqual(await instancesIn(registry), [record.instance])
        await pause(SHORT_LIMITS.leaseMs / 10)
      }
    },
  },
  {
    name: 'announces its records again to an engine that has crashed',
    needs: ['kill'],
    async run(context) {
      const registry = registryOf(await context.openAt(SHORT_LIMITS))
      const record = newRecord('cli-alpha')
      await registry.register(record)
      const restart = await context.kill()
      await restart()
      await context.eventually(
        () =>
          instancesIn(registry)
            .then((found) => found.includes(record.instance))
            .catch(() => false),
        'the record is back',
      )
    },
  },
]

function registryOf({ registry }: Driver): RegistryDriver {
  assert.ok(registry !== undefined)
  return registry
}
