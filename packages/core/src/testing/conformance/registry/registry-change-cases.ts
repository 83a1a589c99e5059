import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { discover, instancesIn, newRecord } from './registry-actors.js'

/** Records that go, and who hears of changes. */
export const registryChangeCases: readonly ConformanceCase[] = [
  {
    name: 'removes the record of one instance and no other',
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
    name: 'takes the removal of what is not there for done',
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
    name: 'cleans up nobody who lives',
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
          // The last look may find the driver closed.
          void discover(other)
            .then((found) => {
              if (found.length > 0) seen = true
              else if (seen) gone = true
            })
            .catch(() => undefined)
        }),
      )
      // A hint may come before the watch of the engine is in place, so the change is repeated.
      await context.eventually(async () => {
        if (!seen) await one.register(record)
        return seen
      }, 'the watcher sees the registration')
      await one.unregister(record.name, record.instance)
      await context.eventually(() => gone, 'the watcher sees the removal')
    },
  },
  {
    name: 'calls a watcher no more when it has stopped, and the others still',
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
