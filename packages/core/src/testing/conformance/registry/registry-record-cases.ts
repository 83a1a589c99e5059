import assert from 'node:assert/strict'

import type { ConformanceCase } from '../harness/conformance-case.js'
import { discover, instancesIn, newRecord } from './registry-actors.js'

const TRICKY_NAMES = [
  'cli',
  'CLI',
  'cli~1',
  'a/b',
  '../cli',
  '__proto__',
  'constructor',
  'é',
  'x'.repeat(1024),
]

/** Records and queries. */
export const registryRecordCases: readonly ConformanceCase[] = [
  {
    name: 'finds nothing if nothing is registered',
    async run(context) {
      const registry = await context.registry()
      assert.deepEqual(await registry.discover({ probe: true }), [])
      assert.deepEqual(await registry.clean(), [])
    },
  },
  {
    name: 'shows a complete record to another driver',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha', {
        version: '1.2.3',
        startedAt: 1_700_000_000_123,
        metadata: { port: 8080, tags: ['a', { b: null }] },
      })
      await one.register(record)
      assert.deepEqual(await discover(other), [
        {
          name: 'cli-alpha',
          instance: record.instance,
          pid: process.pid,
          version: '1.2.3',
          startedAt: new Date(1_700_000_000_123),
          state: 'live',
          port: 8080,
          tags: ['a', { b: null }],
        },
      ])
    },
  },
  {
    name: 'keeps the endpoint of a record',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      await one.register(newRecord('cli-alpha', { endpoint: '/nowhere/cli-alpha.sock' }))
      assert.equal((await discover(other))[0]?.endpoint, '/nowhere/cli-alpha.sock')
    },
  },
  {
    name: 'replaces the record of the same name and instance',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha', { version: '1.0.0', metadata: { port: 1 } })
      await one.register(record)
      await one.register({ ...record, version: undefined, metadata: { host: 'b' } })
      const [info, ...rest] = await discover(other)
      assert.deepEqual(rest, [])
      assert.deepEqual([info?.['host'], info?.['port'], info?.version], ['b', undefined, undefined])
    },
  },
  {
    name: 'leaves an existing record unchanged on request',
    needs: ['remote'],
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha', { endpoint: 'somewhere' })
      await one.register(record)
      await other.register({ ...record, endpoint: undefined }, { ifAbsent: true })
      assert.equal((await discover(other))[0]?.endpoint, 'somewhere')
      await one.unregister(record.name, record.instance)
      await other.register({ ...record, endpoint: undefined }, { ifAbsent: true })
      assert.deepEqual(await instancesIn(one), [record.instance])
    },
  },
  {
    name: 'keeps several instances of one name',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const records = [newRecord('cli-alpha'), newRecord('cli-alpha'), newRecord('cli-alpha')]
      for (const record of records) await one.register(record)
      const expected = records.map(({ instance }) => instance).sort()
      assert.deepEqual(await instancesIn(other), expected)
    },
  },
  {
    name: 'keeps several names of one instance',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const record = newRecord('cli-alpha')
      await one.register(record)
      await one.register({ ...record, name: 'cli-beta' })
      const names = (await discover(other)).map(({ name }) => name)
      assert.deepEqual(names.sort(), ['cli-alpha', 'cli-beta'])
    },
  },
  {
    name: 'finds by name, whatever the name',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      for (const name of TRICKY_NAMES) await one.register(newRecord(name))
      for (const name of TRICKY_NAMES) {
        const found = await discover(other, name)
        assert.deepEqual(
          found.map((info) => info.name),
          [name],
        )
      }
      assert.deepEqual(await discover(other, 'nobody'), [])
      assert.equal((await discover(other)).length, TRICKY_NAMES.length)
    },
  },
  {
    name: 'shows the oldest instance first',
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      for (const startedAt of [3000, 1000, 2000])
        await one.register(newRecord('cli-alpha', { startedAt }))
      const ages = (await discover(other)).map(({ startedAt }) => startedAt.getTime())
      assert.deepEqual(ages, [1000, 2000, 3000])
    },
  },
  {
    name: "does not let metadata forge the kit's own fields",
    async run(context) {
      const [one, other] = [await context.registry(), await context.registry()]
      const forged = { name: 'root', pid: 1, instance: 'x', state: 'hung', startedAt: 0 }
      const record = newRecord('cli-alpha', { startedAt: 1000, metadata: forged })
      await one.register(record)
      assert.deepEqual(await discover(other), [
        {
          name: 'cli-alpha',
          instance: record.instance,
          pid: process.pid,
          startedAt: new Date(1000),
          state: 'live',
        },
      ])
    },
  },
  {
    name: 'loses none of many concurrent registrations',
    async run(context) {
      const registries = [await context.registry(), await context.registry()]
      const records = Array.from({ length: 40 }, () => newRecord('cli-alpha'))
      await Promise.all(
        records.map(async (record, index) => registries[index % 2]?.register(record)),
      )
      const expected = records.map(({ instance }) => instance).sort()
      assert.deepEqual(await instancesIn(await context.registry()), expected)
    },
  },
  {
    name: 'keeps the registries of namespaces separate',
    async run(context) {
      const [here, elsewhere] = [await context.registry(), await context.registry('another')]
      await here.register(newRecord('cli-alpha'))
      assert.deepEqual(await discover(elsewhere), [])
    },
  },
]
