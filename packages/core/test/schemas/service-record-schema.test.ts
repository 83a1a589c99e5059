import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'
import { serviceRecordNameSchema, serviceRecordSchema } from '@cli-ops/shared-ipc/schemas'
import { expect, expectTypeOf, test } from 'vitest'
import type * as z from 'zod'

import type { ServiceRecord } from '../../src/drivers/driver.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

test('the schema of a registry record agrees with its type', () => {
  expectTypeOf<z.output<typeof serviceRecordSchema>>().toExtend<ServiceRecord>()
  expectTypeOf<ServiceRecord>().toExtend<Members<z.output<typeof serviceRecordSchema>>>()
  // An optional field that the schema lacks would pass the above.
  expectTypeOf<keyof ServiceRecord>().toEqualTypeOf<
    keyof Members<z.output<typeof serviceRecordSchema>>
  >()
})

test('the records of a registry satisfy the schemas', async () => {
  const home = temporaryHome()
  await using registry = new ServiceRegistry({ home })
  await using server = new IPCServer('cli-alpha', { home, version: '1.0.0' })
  await server.ready
  await registry.register('Été/2', { version: '2.0.0', port: 8080 })
  await registry.register('x'.repeat(300))
  const records = namesIn(home, 'registry').map((name) => {
    serviceRecordNameSchema.parse(name)
    const body = JSON.parse(readFileSync(join(home, 'registry', name), 'utf8')) as unknown
    return serviceRecordSchema.parse(body)
  })
  const byName = new Map(records.map((record) => [record.name, record]))
  expect(byName.get('cli-alpha')).toMatchObject({ version: '1.0.0', endpoint: server.endpoint })
  expect(byName.get('Été/2')).toMatchObject({ version: '2.0.0', metadata: { port: 8080 } })
  expect(byName.has('x'.repeat(300))).toBe(true)
})

test('refuses what is not a record', () => {
  const record = { name: 'a', instance: 'b', pid: 1, startedAt: 1, metadata: {} }
  expect(serviceRecordSchema.safeParse(record).success).toBe(true)
  for (const wrong of [{ pid: '1' }, { metadata: [] }, { endpoint: 1 }, { name: '' }])
    expect(serviceRecordSchema.safeParse({ ...record, ...wrong }).success).toBe(false)
  expect(serviceRecordNameSchema.safeParse('a~short~p1.t1.s.b.n.m.json').success).toBe(false)
})

/** The members that a schema lists, without the ones it lets through. */
type Members<T> = { [Key in keyof T as string extends Key ? never : Key]: T[Key] }
