import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { discover, instancesIn, newRecord } from './registry-actors.js'

/** Removed records, and notifications of changes. */
export const registryChangeCases: readonly ConformanceCase[] = [
  {
    name: 'removes only the record of one instance',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const [gone, kept] = [newRecord('cli-alpha'), newRecord('cli-alpha')]
      await one.register(gone)
      await one.register(kept)
      await one.unregister('cli-alpha', gone.instance)
      assert.deepEqual(await instancesIn(other), [kept.instance])
    },
  },
  {
    name: 'accepts the removal of a missing record',
    async run(context) {
      const registry = await context.registry()
      const record = newRecord('cli-alpha')
      await registry.unregister(record.name, record.instance)
      await registry.register(record)
      await registry.unregister(record.name, record.instance)
      await registry.unregister(record.name, record.instance)
      assert.deepEqual(await discover(registry), [])
    },
  },
  {
    name: 'registers and unregisters synchronously',
    needs: ['synchronous'],
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha')
      one.registerSync?.(record)
      assert.deepEqual(await instancesIn(other), [record.instance])
      one.unregisterSync?.(record.name, record.instance)
      assert.deepEqual(await instancesIn(other), [])
    },
  },
  {
    name: 'leaves live instances alone when cleaning up',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha')
      await one.register(record)
      assert.deepEqual(await other.clean(), [])
      assert.deepEqual(await instancesIn(other), [record.instance])
    },
  },
  {
    name: 'calls a watcher after a registration and after a removal',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha')
      let seen = false
      let gone = false
      context.defer(
        other.watch(() => {
          // The last query might find the driver closed.
          void discover(other)
            .then((found) => {
              if (found.length > 0) seen = true
              else if (seen) gone = true
            })
            .catch(() => undefined)
        }),
      )
      // The change can come before the engine's watch is in place, so it is repeated.
      await context.eventually(async () => {
        if (!seen) await one.register(record)
        return seen
      }, 'the watcher sees the registration')
      await one.unregister(record.name, record.instance)
      await context.eventually(() => gone, 'the watcher sees the removal')
    },
  },
  {
    name: 'stops calling a stopped watcher, and still calls the others',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      let stopped = 0
      let kept = 0
      const stop = other.watch(() => {
        stopped += 1
      })
      context.defer(
        other.watch(() => {
          kept += 1
        }),
      )
      stop()
      stop()
      await context.eventually(async () => {
        await one.register(newRecord('cli-alpha'))
        return kept > 0
      }, 'the other watcher is called')
      assert.equal(stopped, 0)
    },
  },
]
