import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createCoordinator, EventBus, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'

import { assertName } from '../../packages/core/src/base/names/assert-name.js'
import { decodeFileName, encodeFileName } from '../../packages/core/src/base/names/file-name.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { scale } from '../storm/scale.js'

const NASTY = [
  '../../escaped',
  '/etc/passwd',
  '..',
  '.',
  './.',
  'a/../../escaped',
  '..\\..\\escaped',
  'C:\\escaped',
  '\\\\server\\share',
  '~root',
  '$HOME',
  '%2e%2e%2f',
  'con',
  'NUL',
  'aux.txt',
  'a.',
  'a ',
  '-rf',
  '*',
  'a|b',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'é',
  'e\u0301',
  'ﬁ',
  '😀'.repeat(256),
  'x'.repeat(1024),
]

/** Any accepted name, including names that a program or a file system might confuse with others. */
const name = fc
  .oneof(
    fc.constantFrom(...NASTY),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('.', '/', '\\', '%', '~', '2', 'E', 'e', 'a', 'A', ' ', 'é'),
      maxLength: 12,
    }),
    fc.string({ unit: 'grapheme', minLength: 30, maxLength: 200 }),
  )
  .filter((text) => {
    try {
      assertName('name', text)
      return true
    } catch {
      return false
    }
  })

test('a name becomes one path component, unique on every file system, and can be decoded', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      const file = encodeFileName(one)
      expect(file).toMatch(/^(?!\.)[a-z0-9._~%A-F-]{1,120}(?<!\.)$/u)
      expect(join('/home', file)).toBe(`/home/${file}`)
      expect(decodeFileName(file)).toBe(file.includes('~') ? undefined : one)
      if (one === other) return
      const [first, second] = [file, encodeFileName(other)].map((text) =>
        text.toLowerCase().normalize('NFKC'),
      )
      expect(first).not.toBe(second)
    }),
    { numRuns: scale(2000, 200_000), seed: 7 },
  )
})

describe.each(NASTY)('the name %j', (nasty) => {
  test('stays in the home wherever it is used, and is returned unchanged', async () => {
    const parent = temporaryHome()
    const home = join(parent, 'home')
    const ops = createCoordinator({ name: nasty, namespace: nasty, home })
    onTestFinished(() => ops.close())
    await using lock = await ops.locks.lock(nasty)
    await ops.registry.register(nasty)
    await using events = new EventBus({ home, namespace: nasty, rateLimit: false })
    await events.emit('some:event', { name: nasty })
    const group = events.on('some:*', () => undefined, { group: nasty, from: 'earliest' })
    await group.ready
    group.unsubscribe()

    expect(readdirSync(parent)).toEqual(['home'])
    expect(namesIn(dirname(parent), 'escaped')).toEqual([])
    expect(await ops.locks.list()).toMatchObject([{ resource: nasty, id: lock.id }])
    const registry = new ServiceRegistry({ home, namespace: nasty })
    expect(await registry.discover({ name: nasty, includeSelf: true })).toMatchObject([
      { name: nasty },
    ])
    // Without the namespace none of it is visible.
    expect(await new LockManager({ home }).list()).toEqual([])
    expect(await new ServiceRegistry({ home }).discover({ includeSelf: true })).toEqual([])
  })
})

test('keys of metadata and data that are special to objects are plain data', async () => {
  const home = temporaryHome()
  const ops = createCoordinator({ name: 'test', home })
  onTestFinished(() => ops.close())
  const hostile = JSON.parse(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1,"other":"name"}',
  ) as Record<string, unknown>
  const before = Object.getOwnPropertyNames(Object.prototype).join()
  const registration = await ops.registry.register('__proto__', hostile)
  const [service] = await ops.registry.discover({ includeSelf: true })
  expect(service).toMatchObject({
    name: '__proto__',
    pid: process.pid,
    instance: registration.instance,
  })
  const server = ops.serve()
  server.handle('constructor', (data) => data)
  server.on('request', (data) => data)
  await server.ready
  const client = ops.connect('test')
  expect(await client.call('constructor', { toString: 1 })).toEqual({ toString: 1 })
  const echoed = await client.request<object>(hostile)
  expect(Object.getPrototypeOf(echoed)).toBe(Object.prototype)
  await ops.events.emit('other:event', hostile)
  const [event] = await ops.events.read('other:*', { from: 'earliest' })
  expect(Object.getPrototypeOf(event!.data)).toBe(Object.prototype)
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
  expect(({} as { polluted?: true }).polluted).toBeUndefined()
  await ops.registry.unregister('__proto__')
})
