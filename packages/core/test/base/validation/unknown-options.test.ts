import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createCoordinator } from '../../../src/coordinator/create-coordinator.js'
import type { ConnectionOptions } from '../../../src/engine/connection-options.js'
import { EventBus } from '../../../src/events/event-bus.js'
import type { EventBusOptions } from '../../../src/events/event-options.js'
import { LockManager, type LockManagerOptions } from '../../../src/locks/lock-manager.js'
import {
  ServiceRegistry,
  type ServiceRegistryOptions,
} from '../../../src/registry/service-registry.js'
import { IPCClient, type IPCClientOptions } from '../../../src/rpc/ipc-client.js'
import { IPCServer, type IPCServerOptions } from '../../../src/rpc/ipc-server.js'
import {
  createTestCoordinator,
  type TestCoordinator,
} from '../../../src/testing/create-test-coordinator.js'

type Options = Record<string, unknown>
type EveryOption = LockManagerOptions &
  EventBusOptions &
  ServiceRegistryOptions &
  IPCServerOptions &
  Omit<IPCClientOptions, keyof LockManagerOptions>

describe('an unknown option', () => {
  let ops: TestCoordinator<Record<string, unknown>>
  beforeAll(() => {
    ops = createTestCoordinator()
  })
  afterAll(() => ops.close())

  const cases: readonly [
    what: string,
    meant: string,
    call: (options: Options, given: TestCoordinator<Record<string, unknown>>) => unknown,
  ][] = [
    ['createCoordinator', 'version', (o) => createCoordinator({ name: 'a', ...o })],
    ['createTestCoordinator', 'storage', (o) => createTestCoordinator(o)],
    ['LockManager', 'timeoutMs', (o) => new LockManager(o)],
    ['LockManager with a resource', 'timeoutMs', (o) => new LockManager('a', o)],
    ['EventBus', 'schemas', (o) => new EventBus(o)],
    ['ServiceRegistry', 'namespace', (o) => new ServiceRegistry(o)],
    ['IPCServer', 'keepAlive', (o) => new IPCServer('a', o)],
    ['IPCClient', 'timeoutMs', (o) => new IPCClient('a', o)],
    ['acquire', 'timeoutMs', (o, { locks }) => locks.acquire('a', () => 1, o)],
    ['lock', 'onWait', (o, { locks }) => locks.lock('a', o)],
    ['tryLock', 'label', (o, { locks }) => locks.tryLock('a', o)],
    ['tryLockSync', 'slots', (o, { locks }) => locks.tryLockSync('a', o)],
    ['lockFile', 'timeoutMs', (o, { locks }) => locks.lockFile('a', o)],
    ['emit', 'durable', (o, { events }) => events.emit('a', 1, o)],
    ['emitSync', 'durable', (o, { events }) => events.emitSync('a', 1, o)],
    ['on', 'group', (o, { events }) => events.on('a', () => undefined, o)],
    ['once', 'signal', (o, { events }) => events.once('a', o)],
    ['subscribe', 'onGap', (o, { events }) => events.subscribe('a', o)],
    ['read', 'from', (o, { events }) => events.read('a', o)],
    ['close of a bus', 'drainMs', (o) => new EventBus({ inMemory: true }).close(o)],
    ['register', 'signal', (o, { registry }) => registry.register('a', {}, o)],
    ['discover', 'readOnly', (o, { registry }) => registry.discover({}, o)],
    ['watch', 'signal', (o, { registry }) => registry.watch({}, o)],
    ['call', 'waitMs', (o, coordinator) => coordinator.connect('a').call('b', 1, o)],
    ['notify', 'waitMs', (o, coordinator) => coordinator.connect('a').notify('b', 1, o)],
    ['stream', 'instance', (o, coordinator) => coordinator.connect('a').stream('b', 1, o)],
  ]

  test.each(cases)('of %s is named, and what was meant', async (_, meant, call) => {
    const wrong = `${meant}s`
    const asked = (async () => call({ [wrong]: 1 }, ops))()
    await expect(asked).rejects.toThrow(TypeError)
    await expect(asked).rejects.toThrow(
      `options has an unknown key "${wrong}"; did you mean "${meant}"?`,
    )
  })

  test('that resembles none is answered with the known ones', async () => {
    await expect(new EventBus({ inMemory: true }).close({ colour: 1 } as object)).rejects.toThrow(
      'options has an unknown key "colour"; known keys: drainMs',
    )
  })

  test('of a filter, a limit and a handler is named as well', async () => {
    await expect(ops.registry.discover({ nam: 'a' } as object)).rejects.toThrow(
      'filter has an unknown key "nam"; did you mean "name"?',
    )
    const rateLimit = { max: 1, perMs: 1, bursts: 2 }
    expect(() => new EventBus({ rateLimit })).toThrow(
      'rateLimit has an unknown key "bursts"; did you mean "burst"?',
    )
    expect(() => ops.serve().handle('a', { inputs: 1 } as object, () => 1)).toThrow(
      'schemas has an unknown key "inputs"; did you mean "input"?',
    )
  })

  test('is none that another class takes: one object may be given to all of them', async () => {
    const options = {
      ...{ timeoutMs: 1000, waitMs: 0, instance: 'x', pick: 'oldest' as const },
      ...{ inMemory: true, source: 'a', retentionMs: 1000, maxBytes: 1_000_000, durable: false },
      ...{ rateLimit: false as const, schemas: {}, version: '1', maxInFlight: 1, closeGraceMs: 0 },
      ...{ keepAlive: false, onError: () => undefined, maxMessageBytes: 16_384 },
      ...{ maxUnreadBytes: 100_000, namespace: 'shared' },
    } satisfies Required<Omit<EveryOption, keyof ConnectionOptions>> & ConnectionOptions
    const made = [
      new LockManager(options),
      new EventBus(options),
      new ServiceRegistry(options),
      new IPCServer('a', options),
      new IPCClient('a', options),
    ]
    await Promise.all(made.map((part) => part.close()))
  })

  test('is one that the object has itself, and undefined is no value', async () => {
    const inherited = Object.create({ colour: 'red' }) as { timeoutMs?: number }
    await expect(ops.locks.acquire('a', () => 1, inherited)).resolves.toBe(1)
    const unset = { timeoutMs: undefined, signal: undefined }
    await expect(ops.locks.acquire('a', () => 1, unset)).resolves.toBe(1)
  })
})
