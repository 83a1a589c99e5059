import { getEventListeners } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CliOpsError,
  EventBus,
  type EventBusOptions,
  IPCClient,
  IPCServer,
  LockManager,
  ServiceRegistry,
  watchConfigFile,
} from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

/** One call that leaves a listener shows; the others meet moments at which calls end differently. */
const TIMES = 100

/** One call of a public method with a signal that outlives it, and everything that ends it. */
type Call = (signal: AbortSignal) => unknown

const CALLS: Readonly<Record<string, (url: string, home: string) => Promise<Call>>> = {
  'a lock that is free': async (url, home) => {
    const locks = lockManager(url, home)
    return (signal) => locks.acquire('free', () => undefined, { signal })
  },
  'a lock that is waited for until it is free': async (url, home) => {
    const locks = lockManager(url, home)
    return async (signal) => {
      const held = await locks.lock('busy')
      const waiting = locks.lock('busy', { signal, onWait: () => void held.release() })
      await (await waiting).release()
    }
  },
  'a lock that is not free in time': async (url, home) => {
    const held = await lockManager(url, home).lock('busy')
    onTestFinished(() => held.release())
    const locks = lockManager(url, home)
    return (signal) =>
      expect(locks.lock('busy', { signal, timeoutMs: 1 })).rejects.toThrow(CliOpsError)
  },
  'an attempt at a lock': async (url, home) => {
    const held = await lockManager(url, home).lock('busy')
    onTestFinished(() => held.release())
    const locks = lockManager(url, home)
    return (signal) => locks.tryLock('busy', { signal })
  },
  'an event that is emitted': async (url, home) => {
    const bus = eventBus(url, home)
    return (signal) => bus.emit('task:created', { id: '1' }, { signal })
  },
  'an event that waits for the rate limit': async (url, home) => {
    const bus = eventBus(url, home, { max: 1, perMs: 1, onLimit: 'queue' })
    return (signal) => bus.emit('task:created', { id: '1' }, { signal })
  },
  'a subscription': async (url, home) => {
    const bus = eventBus(url, home)
    return async (signal) => {
      const subscription = bus.on('task:*', () => undefined, { signal })
      await subscription.ready
      subscription.unsubscribe()
    }
  },
  'the next event': async (url, home) => {
    const bus = eventBus(url, home)
    return async (signal) => {
      const next = bus.once('task:created', { signal })
      await bus.emit('task:created', { id: '1' })
      await next
    }
  },
  'an iterator over events': async (url, home) => {
    const bus = eventBus(url, home)
    return async (signal) => {
      const events = bus.subscribe('task:created', { signal })
      const next = events.next()
      await bus.emit('task:created', { id: '1' })
      await next
      await events.return?.()
    }
  },
  'events that are read': async (url, home) => {
    const bus = eventBus(url, home)
    return (signal) => bus.read('*', { signal })
  },
  'a registration': async (url, home) => {
    const registry = serviceRegistry(url, home)
    return async (signal) => {
      await registry.register('cli', {}, { signal })
      await registry.unregister('cli', { signal })
    }
  },
  'a look at the registry': async (url, home) => {
    const registry = serviceRegistry(url, home)
    return (signal) => registry.discover({}, { signal })
  },
  'a watch of the registry': async (url, home) => {
    const registry = serviceRegistry(url, home)
    return async (signal) => {
      const changes = registry.watch({}, { signal })
      const next = changes[Symbol.asyncIterator]().next()
      await changes[Symbol.asyncIterator]().return?.()
      await next
    }
  },
  'a request': async (url, home) => {
    const client = await connected(url, home)
    return (signal) => client.request({ action: 'get-tasks' }, { signal })
  },
  'a request that nobody answers in time': async (url, home) => {
    const client = await connected(url, home)
    return (signal) =>
      expect(client.call('never', undefined, { signal, timeoutMs: 1 })).rejects.toThrow(CliOpsError)
  },
  'a notification': async (url, home) => {
    const client = await connected(url, home)
    return (signal) => client.notify('request', undefined, { signal })
  },
  'a stream': async (url, home) => {
    const client = await connected(url, home)
    return async (signal) => {
      const values = client.stream('request', undefined, { signal })
      await values[Symbol.asyncIterator]().next()
    }
  },
}

test.each(
  Object.entries(CALLS).flatMap(([name, prepare]) =>
    ['local:', 'memory:'].map((url) => [name, url, prepare] as const),
  ),
)('%s leaves no listener behind (%s)', async (_name, url, prepare) => {
  const { signal } = new AbortController()
  const call = await prepare(url, temporaryHome())
  for (let count = 0; count < TIMES; count += 1) await call(signal)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test.each(['local:', 'memory:'])(
  'one signal for everything that a program does gets one listener: Node warns of a leak above ten (%s)',
  async (url) => {
    const home = temporaryHome()
    const ending = new AbortController()
    const { signal } = ending
    const held = await lockManager(url, home).lock('busy')
    onTestFinished(() => held.release())
    const locks = lockManager(url, home)
    const bus = eventBus(url, home)
    const limited = eventBus(url, home, { max: 1, perMs: 600_000, onLimit: 'queue' })
    await limited.emit('task:created', { id: '0' })
    const registry = serviceRegistry(url, home)
    const client = await connected(url, home)
    await client.request({})
    const pending: Promise<unknown>[] = []
    for (let count = 0; count < 11; count += 1) {
      pending.push(
        locks.lock('busy', { signal }),
        bus.on('task:*', () => undefined, { signal }).closed,
        bus.on('task:*', () => undefined, { signal, group: `group ${count}` }).closed,
        bus.once('item:created', { signal }),
        bus.subscribe('item:created', { signal }).next(),
        limited.emit('task:created', { id: '1' }, { signal }),
        registry.watch({ name: 'nobody' }, { signal }).next(),
        registry.discover({}, { signal }),
        client.call('never', undefined, { signal }),
        client.stream('never', undefined, { signal }).next(),
      )
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    // The calls that begin with the answer of another.
    await new Promise(setImmediate)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    ending.abort()
    await Promise.allSettled(pending)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  },
)

test('a watch of a file leaves no listener behind', async () => {
  const { signal } = new AbortController()
  const path = join(temporaryHome(), 'config.json')
  writeFileSync(path, '{}')
  const bus = eventBus('memory:', temporaryHome())
  for (let count = 0; count < 20; count += 1) {
    const watcher = watchConfigFile(path, { bus, signal })
    await watcher.ready
    await watcher.close()
  }
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

function lockManager(url: string, home: string): LockManager {
  const locks = new LockManager({ url, home })
  onTestFinished(() => locks.close())
  return locks
}

function eventBus(
  url: string,
  home: string,
  rateLimit: EventBusOptions['rateLimit'] = false,
): EventBus {
  const bus = new EventBus({ url, home, rateLimit })
  onTestFinished(() => bus.close())
  return bus
}

function serviceRegistry(url: string, home: string): ServiceRegistry {
  const registry = new ServiceRegistry({ url, home })
  onTestFinished(() => registry.close())
  return registry
}

async function connected(url: string, home: string): Promise<IPCClient> {
  const server = new IPCServer('cli', { url, home })
  onTestFinished(() => server.close())
  server.on('request', () => 'answer')
  server.handle('never', () => new Promise(() => undefined))
  await server.ready
  const client = new IPCClient('cli', { url, home })
  onTestFinished(() => client.close())
  return client
}
