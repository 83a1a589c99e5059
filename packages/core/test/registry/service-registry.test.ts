import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { IPCServer, type ServiceChange, ServiceRegistry } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { inAnyOrder, objectWith } from '../fixtures/matchers.js'
import { RpcActor } from '../fixtures/start-rpc-actor.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

function openRegistry(home: string, url = 'local:'): ServiceRegistry {
  const registry = new ServiceRegistry({ home, url })
  onTestFinished(() => registry.close())
  return registry
}

async function registered(home: string, name: string, metadata: object = {}): Promise<RpcActor> {
  const actor = await RpcActor.start(home)
  await actor.call('register', { name, metadata })
  return actor
}

test('the sample of the original document runs as written', async () => {
  const home = temporaryHome()
  const beta = await registered(home, 'cli-beta', { version: '1.0.0' })
  const gamma = await registered(home, 'cli-gamma', { version: '2.0.0' })
  const registry = openRegistry(home)

  await registry.register('cli-alpha', {
    pid: process.pid,
    version: '1.0.0',
    startedAt: Date.now(),
  })

  const instances = await registry.discover()
  expect(instances).toHaveLength(2)
  expect(instances).toEqual(
    inAnyOrder([
      objectWith({ name: 'cli-beta', pid: beta.pid, version: '1.0.0', state: 'live' }),
      objectWith({
        name: 'cli-gamma',
        pid: gamma.pid,
        version: '2.0.0',
        state: 'live',
      }),
    ]),
  )
})

describe.each(['local:', 'memory:'])('%s', (url) => {
  test('a registration that is under way when the registry is closed leaves nothing', async () => {
    const home = temporaryHome()
    const registry = openRegistry(home, url)
    const registering = registry.register('cli-alpha')
    await Promise.all([
      expect(registering).rejects.toMatchObject({ code: 'CLOSED' }),
      registry.close(),
    ])
    const everyone = openRegistry(home, url).discover({ name: 'cli-alpha', includeSelf: true })
    expect(await everyone).toEqual([])
  })

  test('registering again merges; everything is shown as given', async () => {
    const registry = openRegistry(temporaryHome(), url)
    const startedAt = new Date('2020-02-02T02:02:02.002Z')
    const first = await registry.register('cli-alpha', {
      version: '1',
      startedAt,
      color: 'red',
      a: 1,
    })
    const second = await registry.register('cli-alpha', { version: '2', a: { b: [null] } })
    expect(second.instance).toBe(first.instance)
    await second.update({ more: true })
    expect(await registry.discover({ includeSelf: true })).toEqual([
      {
        name: 'cli-alpha',
        instance: first.instance,
        pid: process.pid,
        version: '2',
        startedAt,
        state: 'live',
        color: 'red',
        a: { b: [null] },
        more: true,
      },
    ])
    await first.unregister()
    expect(await registry.discover({ includeSelf: true })).toEqual([])
    await first.unregister()
  })

  test('names and fields of prototypes are ordinary', async () => {
    const registry = openRegistry(temporaryHome(), url)
    const metadata: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":"c","toString":"t"}',
    )
    for (const name of [
      '__proto__',
      'constructor',
      'hasOwnProperty',
      '..',
      'a/b',
      'a~b',
      'ü',
      'CON',
    ])
      await registry.register(name, metadata as object)
    const services = await registry.discover({ includeSelf: true })
    expect(services.map(({ name }) => name).sort()).toEqual(
      ['__proto__', 'constructor', 'hasOwnProperty', '..', 'a/b', 'a~b', 'ü', 'CON'].sort(),
    )
    for (const service of services) {
      expect(Object.getPrototypeOf(service)).toBe(Object.prototype)
      expect(service['polluted']).toBeUndefined()
      expect(service['constructor']).toBe('c')
    }
    expect(await registry.discover({ name: '__proto__', includeSelf: true })).toHaveLength(1)
    await registry.unregister('__proto__')
    expect(await registry.discover({ name: '__proto__', includeSelf: true })).toEqual([])
  })

  test('names of the maximum length do not collide', async () => {
    const registry = openRegistry(temporaryHome(), url)
    const names = ['a', 'b'].map((last) => 'é'.repeat(511) + last)
    for (const name of names) await registry.register(name)
    for (const name of names)
      expect(await registry.discover({ name, includeSelf: true })).toMatchObject([{ name }])
  })

  test('a server adds its endpoint to the record and removes only that', async () => {
    const home = temporaryHome()
    const registry = openRegistry(home, url)
    const { instance } = await registry.register('cli-alpha', { color: 'red' })
    const server = new IPCServer('cli-alpha', { home, url, version: '3' })
    await server.ready
    const look = () => registry.discover({ includeSelf: true })
    expect(await look()).toMatchObject([
      { instance, color: 'red', version: '3', endpoint: server.endpoint },
    ])
    await registry.unregister('cli-alpha')
    expect(await look()).toMatchObject([{ instance, endpoint: server.endpoint }])
    expect((await look())[0]).not.toHaveProperty('color')
    await registry.register('cli-alpha', { color: 'blue' })
    await server.close()
    expect(await look()).toMatchObject([{ instance, color: 'blue' }])
    expect((await look())[0]).not.toHaveProperty('endpoint')
  })

  test('a watch reports what is there, what comes and what goes', async () => {
    const home = temporaryHome()
    const watcher = openRegistry(home, url)
    const other = openRegistry(home, url)
    const first = await other.register('cli-alpha')
    const watch = watcher.watch({ includeSelf: true })
    const next = async (): Promise<unknown> => {
      const { value } = (await watch.next()) as { value: ServiceChange }
      return [value.type, value.service.name]
    }
    expect(await next()).toEqual(['up', 'cli-alpha'])
    const pending = next()
    await other.register('cli-beta')
    expect(await pending).toEqual(['up', 'cli-beta'])
    await first.unregister()
    expect(await next()).toEqual(['down', 'cli-alpha'])
    const last = watch.next()
    await watch.return!()
    expect(await last).toEqual({ done: true, value: undefined })
  })

  test('a watch ends with its registry and with its signal', async () => {
    const registry = openRegistry(temporaryHome(), url)
    const abort = new AbortController()
    const reason = new Error('enough')
    const aborted = registry.watch({}, { signal: abort.signal }).next()
    abort.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await expect(registry.watch({}, { signal: abort.signal }).next()).rejects.toBe(reason)
    const ended = registry.watch().next()
    await registry.close()
    expect(await ended).toEqual({ done: true, value: undefined })
    await expect(registry.discover()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('closing withdraws only what the object registered', async () => {
    const home = temporaryHome()
    const kept = openRegistry(home, url)
    const closed = openRegistry(home, url)
    await kept.register('cli-alpha', { by: 'kept' })
    await closed.register('cli-alpha', { by: 'closed', more: 1 })
    await closed.register('cli-beta')
    await closed.close()
    const services = await kept.discover({ includeSelf: true })
    expect(services).toMatchObject([{ name: 'cli-alpha', by: 'kept' }])
    expect(services[0]).not.toHaveProperty('more')
  })
})

test('in memory, each registry object counts as a separate CLI', async () => {
  const home = temporaryHome()
  const alpha = openRegistry(home, 'memory:')
  const beta = openRegistry(home, 'memory:')
  await alpha.register('cli-alpha')
  await beta.register('cli-beta')
  expect(await alpha.discover()).toMatchObject([{ name: 'cli-beta' }])
  expect(await beta.discover()).toMatchObject([{ name: 'cli-alpha' }])
})

describe('processes that die', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    '%s: are never shown, and the next process to look removes what they left',
    async (signal) => {
      const home = temporaryHome()
      const actors = await Promise.all([1, 2, 3].map(() => registered(home, 'cli-beta')))
      const registry = openRegistry(home)
      expect(await registry.discover()).toHaveLength(3)
      await Promise.all(actors.map((actor) => actor.kill(signal)))
      expect(namesIn(home, 'registry')).toHaveLength(3)
      expect(await registry.discover()).toEqual([])
      expect(namesIn(home, 'registry')).toEqual([])
    },
  )

  test('are reported once by cleanDeadProcesses, and live ones are kept', async () => {
    const home = temporaryHome()
    const dead = await registered(home, 'cli-beta', { version: '7' })
    const living = await registered(home, 'cli-beta')
    await dead.kill()
    const registry = openRegistry(home)
    expect(await registry.cleanDeadProcesses()).toMatchObject([{ pid: dead.pid, version: '7' }])
    expect(await registry.cleanDeadProcesses()).toEqual([])
    expect(await registry.discover()).toMatchObject([{ pid: living.pid }])
  })

  test('by SIGKILL are seen by a watch', async () => {
    const home = temporaryHome()
    const actor = await registered(home, 'cli-beta')
    const changes: string[] = []
    for await (const { type, service } of openRegistry(home).watch({ name: 'cli-beta' })) {
      changes.push(`${type} ${service.pid}`)
      if (type === 'down') break
      void actor.kill()
    }
    expect(changes).toEqual([`up ${actor.pid}`, `down ${actor.pid}`])
  })

  test('normally leave nothing', async () => {
    const home = temporaryHome()
    const actor = await registered(home, 'cli-beta')
    const ended = new Promise((resolve) => actor.process.once('exit', resolve))
    await actor.call('exit', { code: 5 })
    expect(await ended).toBe(5)
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('leave temporary files that are removed too', async () => {
    const home = temporaryHome()
    const actor = await registered(home, 'cli-beta')
    const [name] = namesIn(home, 'registry')
    await actor.kill()
    // As if it had been killed between writing and renaming.
    writeFileSync(join(home, 'registry', `${name}.new`), '{"na')
    await openRegistry(home).discover()
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('while another lives with the same pid are dead: the start time differs', async () => {
    const home = temporaryHome()
    const registry = openRegistry(home)
    await registry.register('cli-alpha')
    const [name] = namesIn(home, 'registry')
    const recycled = name!.replace(/\.s\d+\./u, '.s1.')
    writeFileSync(join(home, 'registry', recycled), readFileSync(join(home, 'registry', name!)))
    expect(await registry.discover({ includeSelf: true })).toHaveLength(1)
    expect(namesIn(home, 'registry')).toEqual([name])
  })
})

test('forty processes that register concurrently are all found', async () => {
  const home = temporaryHome()
  const registry = openRegistry(home)
  const actors = await Promise.all(Array.from({ length: 8 }, () => RpcActor.start(home)))
  await Promise.all(
    actors.flatMap((actor) =>
      [1, 2, 3, 4, 5].map((n) => actor.call('register', { name: `cli-${n}`, metadata: { n } })),
    ),
  )
  const services = await registry.discover()
  expect(services).toHaveLength(40)
  for (const { name, n } of services) expect(name).toBe(`cli-${String(n)}`)
})

describe('unreadable files in the registry', () => {
  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"name":"someone-else"}',
    '\0\0\0',
    '{"name":"cli-beta","startedAt":"x"}',
  ])('with the content %j: the facts come from the file name', async (content) => {
    const home = temporaryHome()
    const actor = await registered(home, 'cli-beta', { version: '1' })
    const [name] = namesIn(home, 'registry')
    writeFileSync(join(home, 'registry', name!), content)
    expect(await openRegistry(home).discover({ name: 'cli-beta' })).toEqual([
      objectWith({ name: 'cli-beta', pid: actor.pid, state: 'live' }),
    ])
  })

  test('foreign files are left alone', async () => {
    const home = temporaryHome()
    const registry = openRegistry(home)
    await registry.register('cli-alpha')
    const foreign = [
      'README',
      '.hidden',
      'a~b~c.json',
      `x~0123456789ab~pnone.json`,
      'x~0123456789ab~p1.json',
    ]
    for (const name of foreign) writeFileSync(join(home, 'registry', name), 'x')
    await registry.discover()
    await registry.cleanDeadProcesses()
    expect(namesIn(home, 'registry')).toEqual(inAnyOrder(foreign))
  })

  test('a record cannot cause the removal of a foreign socket', async () => {
    const home = temporaryHome()
    const actor = await registered(home, 'cli-beta')
    const [name] = namesIn(home, 'registry')
    const path = join(home, 'registry', name!)
    const precious = join(home, 'precious.sock')
    writeFileSync(precious, 'x')
    const record = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(path, JSON.stringify({ ...record, endpoint: precious }))
    await actor.kill()
    await openRegistry(home).discover()
    expect(readdirSync(home)).toContain('precious.sock')
    expect(namesIn(home, 'registry')).toEqual([])
  })
})

test('an endpoint whose server has gone while its process lives is not shown', async () => {
  const home = temporaryHome()
  const actor = await RpcActor.start(home)
  rmSync(await actor.call<string>('serve', { name: 'cli-beta' }))
  const [service] = await openRegistry(home).discover()
  expect(service).toMatchObject({ pid: actor.pid, state: 'live' })
  expect(service).not.toHaveProperty('endpoint')
})

test('a worker thread is a separate instance, and dies alone', async () => {
  const home = temporaryHome()
  const registry = openRegistry(home)
  const worker = new Worker(
    `import('@cli-ops/shared-ipc').then(async ({ ServiceRegistry }) => {
       const registry = new ServiceRegistry({ home: require('node:worker_threads').workerData })
       await registry.register('cli-worker')
       require('node:worker_threads').parentPort.postMessage('registered')
       setInterval(() => {}, 1000)
     })`,
    { eval: true, workerData: home },
  )
  await new Promise((resolve) => worker.once('message', resolve))
  expect(await registry.discover()).toMatchObject([{ name: 'cli-worker', pid: process.pid }])
  await worker.terminate()
  expect(await registry.discover()).toEqual([])
})

test('looking creates nothing, and an insecure home is refused', async () => {
  const home = join(temporaryHome(), 'none')
  const registry = openRegistry(home)
  expect(await registry.discover()).toEqual([])
  expect(namesIn(join(home, '..'))).toEqual([])
  const { mkdirSync, chmodSync } = await import('node:fs')
  mkdirSync(home)
  chmodSync(home, 0o755)
  await expect(registry.discover()).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
  await expect(registry.register('cli-alpha')).rejects.toMatchObject({ code: 'INSECURE_DIRECTORY' })
})

describe('wrong arguments are refused before anything is written', () => {
  test.each<[string, object]>([
    ['metadata.pid must be', { pid: 1 }],
    ['metadata.version must be a string, got 1', { version: 1 }],
    ['metadata.startedAt must be a date', { startedAt: 'yesterday' }],
    ['metadata.startedAt must be a date', { startedAt: new Date(NaN) }],
    ['metadata.endpoint is set by the registry', { endpoint: '/tmp/mine.sock' }],
    ['metadata.state is set by the registry', { state: 'live' }],
    ['metadata.instance is set by the registry', { instance: 'x' }],
    ['metadata.name is set by the registry', { name: 'x' }],
    ['metadata.f must be JSON, got a function', { f: () => 1 }],
    ['metadata must be at most 65536 bytes', { big: 'x'.repeat(70_000) }],
    ['metadata must be an object', []],
  ])('%s', async (message, metadata) => {
    const home = temporaryHome()
    const registry = openRegistry(home)
    const failure = await registry.register('cli-alpha', metadata).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TypeError)
    expect((failure as Error).message).toContain(message)
    expect(namesIn(home)).toEqual([])
  })

  test('names and filters', async () => {
    const registry = openRegistry(temporaryHome())
    await expect(registry.register('')).rejects.toThrow(TypeError)
    await expect(registry.discover({ name: 'a\n' })).rejects.toThrow('filter.name')
    await expect(registry.discover({ includeSelf: 1 as never })).rejects.toThrow(
      'filter.includeSelf',
    )
    expect(() => registry.watch(null as never)).toThrow('filter must be an object')
  })
})
