import { testDriver, type DriverUnderTest, type TestRunner } from '@cli-ops/shared-ipc/testing'
import { describe, expect, test } from 'vitest'

import type { Driver, EventReader, LockGrant } from '../../src/drivers/driver.js'
import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'

const MEMORY: DriverUnderTest = {
  name: 'memory',
  createDriver: createMemoryDriver,
  url: 'memory:',
  isolated: true,
}

/** What a suite has registered. */
interface Registered {
  readonly groups: string[]
  readonly cases: Map<string, () => Promise<void>>
  readonly skipped: string[]
}

function register(target: DriverUnderTest): Registered {
  const registered: Registered = { groups: [], cases: new Map(), skipped: [] }
  const { groups, cases, skipped } = registered
  const add = (name: string, body: () => Promise<void>): void => {
    expect(cases.has(name)).toBe(false)
    cases.set(name, body)
  }
  const runner: TestRunner = {
    describe: (name, body) => {
      groups.push(name)
      body()
    },
    test: Object.assign(add, { skip: (name: string) => skipped.push(name) }),
  }
  testDriver(runner, target)
  return registered
}

test('registers every primitive under the name of the driver, and every case once', () => {
  const { groups, cases } = register(MEMORY)
  expect(groups).toEqual([
    'memory driver',
    'memory locks',
    'memory events',
    'memory registry',
    'memory rpc',
  ])
  expect(cases.size).toBeGreaterThan(100)
})

test('skips what the driver cannot do, and says why', () => {
  const { skipped, cases } = register({
    ...MEMORY,
    createDriver: () =>
      change(createMemoryDriver(), (driver) => ({
        capabilities: { ...driver.capabilities, sharedLocks: false, replay: false },
        rpc: undefined,
      })),
  })
  expect(skipped).toContain(
    'keeps sharers out while an exclusive owner holds the lock (skipped: needs sharedLocks)',
  )
  expect(skipped).toContain('continues right after the event of a cursor (skipped: needs replay)')
  expect(skipped).toContain('flushes what was sent (skipped: the driver has no rpc)')
  expect(skipped).toContain(
    'continues after another driver on the same place was closed (skipped: needs two drivers on one place)',
  )
  expect(cases.has('flushes what was sent')).toBe(false)
  expect(cases.has('grants a free lock immediately')).toBe(true)
})

test('skips an excepted case and shows the reason', () => {
  const name = 'serves waiters in the order of arrival'
  const { skipped, cases } = register({ ...MEMORY, except: { [name]: 'the engine has no queue' } })
  expect(skipped).toContain(`${name} (skipped: the engine has no queue)`)
  expect(cases.has(name)).toBe(false)
})

test('requests the URL when a case runs, and not before', async () => {
  let asked = 0
  const url = (): string => {
    asked += 1
    return 'memory:'
  }
  const { cases } = register({ ...MEMORY, url })
  expect(asked).toBe(0)
  await cases.get('grants a free lock immediately')?.()
  expect(asked).toBe(1)
})

test.each([
  ['an exception for no case', { except: { 'no such case': 'because' } }, /no such case/u],
  ['an exception without a reason', { except: { 'flushes what was sent': '' } }, /reason/u],
  ['no URL', { url: 'nonsense' }, /url must be .*"nonsense"/u],
  ['no name', { name: '' }, /name must/u],
  ['no driver', { createDriver: 1 as never }, /createDriver must be a function, got 1/u],
  [
    'a misspelt field',
    { exept: {} },
    /target has an unknown key "exept"; did you mean "except"\?/u,
  ],
  ['a wrong time', { timeoutMs: 0 }, /timeoutMs must be .* got 0/u],
])('refuses %s', (_, wrong, message) => {
  expect(() => register({ ...MEMORY, ...wrong })).toThrow(message)
})

test('refuses a runner that cannot skip', () => {
  const runner = { describe: () => undefined, test: () => undefined } as unknown as TestRunner
  expect(() => testDriver(runner, MEMORY)).toThrow(/test\.skip/u)
})

/** A driver with some members replaced. Getters are kept, since parts are created on first use. */
function change<T extends object>(original: T, replace: (original: T) => object): T {
  const replaced = replace(original)
  return new Proxy(original, {
    get: (target, key) =>
      Object.hasOwn(replaced, key)
        ? (Reflect.get(replaced, key) as unknown)
        : (Reflect.get(target, key, target) as unknown),
  })
}

type Parts = Required<Pick<Driver, 'locks' | 'events' | 'registry' | 'rpc'>>

/** A driver one of whose parts breaks a promise. The part is created once, as the suite requires. */
function broken<Name extends keyof Parts>(
  name: Name,
  damage: (part: Parts[Name]) => Partial<Parts[Name]>,
): Driver {
  const driver = createMemoryDriver() as Driver & Parts
  const part = change<Parts[Name]>(driver[name], damage)
  return change(driver, () => ({ [name]: part }))
}

function damagedReader(damage: (reader: EventReader) => Partial<EventReader>): Driver {
  return broken('events', (events) => ({
    openReader: (options) => change(events.openReader(options), damage),
  }))
}

function damagedGrant(damage: (grant: LockGrant) => Partial<LockGrant>): Driver {
  return broken('locks', (locks) => ({
    tryAcquire: async (request) => {
      const grant = await locks.tryAcquire(request)
      return grant === null ? null : change(grant, damage)
    },
  }))
}

describe('finds the fault of a driver that', () => {
  const faults: readonly (readonly [fault: string, caught: string, () => Driver])[] = [
    [
      'grants what is held',
      'returns null for a lock that another driver holds',
      () =>
        broken('locks', (locks) => ({
          tryAcquire: (request) =>
            locks.tryAcquire({ ...request, resource: request.resource + request.id }),
        })),
    ],
    [
      'folds the case of names',
      'keeps resources separate, whatever their names',
      () =>
        broken('locks', (locks) => ({
          tryAcquire: (request) =>
            locks.tryAcquire({ ...request, resource: request.resource.toLowerCase() }),
        })),
    ],
    [
      'gives every grant one token',
      'raises the token with every grant',
      () => damagedGrant(() => ({ token: 1n })),
    ],
    [
      'robs a holder without a word',
      'tells the owner once that its lock was taken away',
      () => damagedGrant(() => ({ onLost: () => () => undefined })),
    ],
    [
      'takes a release for a loss',
      'reports no loss after a release, or to a listener that has stopped',
      () =>
        damagedGrant((grant) => {
          const listeners = new Set<() => void>()
          return {
            onLost: (listener) => {
              listeners.add(listener)
              return grant.onLost(listener)
            },
            release: () => {
              for (const listener of listeners) listener()
              return grant.release()
            },
          }
        }),
    ],
    [
      'takes a lock by force from anybody',
      'takes a lock by force only from the id that holds it',
      () =>
        broken('locks', (locks) => ({
          forceRelease: async (resource) => {
            const info = await locks.inspect(resource)
            return info !== null && locks.forceRelease(resource, info.id)
          },
        })),
    ],
    [
      'lets a late waiter in first',
      'serves waiters in the order of arrival',
      () =>
        broken('locks', (locks) => ({
          acquire: async (request, { signal }) => {
            for (;;) {
              signal.throwIfAborted()
              const grant = await locks.tryAcquire(request)
              if (grant !== null) return grant
              await new Promise((resolve) => setTimeout(resolve, 1))
            }
          },
        })),
    ],
    [
      'lets nobody share',
      'admits sharers together, each with its own token',
      () =>
        broken('locks', (locks) => ({
          tryAcquire: (request) => locks.tryAcquire({ ...request, mode: 'exclusive' }),
        })),
    ],
    [
      'never gives up a wait',
      'rejects an aborted wait with the reason and leaves the queue',
      () =>
        broken('locks', (locks) => ({
          acquire: (request, wait) =>
            locks.acquire(request, { ...wait, signal: new AbortController().signal }),
        })),
    ],
    [
      'cleans up the living',
      'leaves live owners and waiters alone when cleaning up',
      () =>
        broken('locks', (locks) => ({
          clean: async () => {
            const held = await locks.list()
            for (const { resource, id } of held) await locks.forceRelease(resource, id)
            return held
          },
        })),
    ],
    [
      'waits in a cycle',
      'refuses a wait that would close a cycle',
      () =>
        broken('locks', (locks) => ({
          acquire: (request, wait) => locks.acquire({ ...request, held: [] }, wait),
        })),
    ],
    [
      'drops an event',
      'delivers everything once, across many batches',
      () =>
        broken('events', (events) => ({
          append: (records, options) => events.append(records.slice(0, 249), options),
        })),
    ],
    [
      'delivers twice',
      'delivers everything once, across many batches',
      () =>
        broken('events', (events) => ({
          append: (records, options) => events.append([...records, ...records], options),
        })),
    ],
    [
      'skips a gap in silence',
      'reports events that expired after a cursor as a gap, before the next events',
      () =>
        damagedReader((reader) => ({
          poll: () => {
            const batch = reader.poll()
            return batch?.gap === undefined ? batch : reader.poll()
          },
        })),
    ],
    [
      'forgets what a group has committed',
      "continues after a group's committed cursor",
      () => damagedReader(() => ({ commit: () => undefined })),
    ],
    [
      'has two active readers of a group',
      'has one active reader of a group; the next one takes over from the commit',
      () =>
        broken('events', (events) => ({
          openReader: ({ from }) => events.openReader({ from }),
        })),
    ],
    [
      'does not wake readers',
      'wakes a waiting reader when another driver stores something',
      () => damagedReader(() => ({ wait: () => new Promise(() => undefined) })),
    ],
    [
      'shows the youngest first',
      'shows the oldest instance first',
      () =>
        broken('registry', (registry) => ({
          discover: async (query) => [...(await registry.discover(query))].reverse(),
        })),
    ],
    [
      'keeps one instance for each name',
      'keeps several instances of one name',
      () =>
        broken('registry', (registry) => ({
          register: (record) => registry.register({ ...record, instance: '0' }),
        })),
    ],
    [
      'tells watchers nothing',
      'calls a watcher after a registration and after a removal',
      () => broken('registry', () => ({ watch: () => () => undefined })),
    ],
    [
      'finds nobody for ever',
      'rejects with NO_RESPONDER if nothing listens any more',
      () => broken('rpc', () => ({ connect: () => new Promise(() => undefined) })),
    ],
    [
      'sends what is too large',
      'refuses to send a message that is too large, and sends the others',
      () =>
        broken('rpc', (rpc) => ({
          connect: (endpoint, limits, signal) =>
            rpc.connect(endpoint, { ...limits, maxMessageBytes: 1e9 }, signal),
        })),
    ],
    [
      'delivers to who has paused',
      'delivers nothing to a paused receiver, and everything later',
      () =>
        broken('rpc', (rpc) => ({
          listen: (service, accept, limits) =>
            rpc.listen(
              service,
              (channel) => {
                accept(change(channel, () => ({ pause: () => undefined })))
              },
              limits,
            ),
        })),
    ],
  ]

  test.each(faults)('%s', async (_, caught, createDriver) => {
    const { cases } = register({ ...MEMORY, createDriver, timeoutMs: 200 })
    await expect(cases.get(caught)?.()).rejects.toThrow()
  })
})
