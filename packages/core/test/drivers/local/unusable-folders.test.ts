import { cpSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventBus, isCliOpsError, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../../fixtures/temporary-home.js'

interface Kit {
  readonly bus: EventBus
  readonly locks: LockManager
  readonly registry: ServiceRegistry
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

const OPERATIONS: Record<string, (kit: Kit) => unknown> = {
  emit: ({ bus }) => bus.emit('n', 1),
  emitSync: ({ bus }) => bus.emitSync('n', 1),
  on: ({ bus }) => bus.on('n', () => undefined).ready,
  'on from a date': ({ bus }) => bus.on('n', () => undefined, { from: new Date(0) }).ready,
  'on in a group': ({ bus }) => bus.on('n', () => undefined, { group: 'h' }).ready,
  subscribe: ({ bus }) => bus.subscribe('n', { from: 'earliest', wait: false }).next(),
  read: ({ bus }) => bus.read('n'),
  cleanOldEvents: ({ bus }) => bus.cleanOldEvents(),
  parked: ({ bus }) => all(bus.parked('g')),
  parkedGroups: ({ bus }) => bus.parkedGroups(),
  retry: ({ bus }) => bus.retry('g'),
  drop: ({ bus }) => bus.drop('g', 'x'),
  acquire: ({ locks }) => locks.acquire('db', () => undefined),
  tryLock: async ({ locks }) => (await locks.tryLock('db'))?.release(),
  tryLockSync: ({ locks }) => {
    locks.tryLockSync('db')?.releaseSync()
  },
  'lock in a slot': async ({ locks }) => (await locks.lock('db', { slots: 2 })).release(),
  isLocked: ({ locks }) => locks.isLocked('db'),
  inspect: ({ locks }) => locks.inspect('db'),
  list: ({ locks }) => locks.list(),
  forceRelease: ({ locks }) => locks.forceRelease('db', 'x'),
  cleanStaleLocks: ({ locks }) => locks.cleanStaleLocks(),
  register: async ({ registry }) => {
    await registry.register('cli')
    await registry.unregister('cli')
  },
  discover: ({ registry }) => registry.discover(),
  cleanDeadProcesses: ({ registry }) => registry.cleanDeadProcesses(),
}

function open(home: string): Kit {
  const options = { home }
  return {
    bus: new EventBus({ ...options, rateLimit: false }),
    locks: new LockManager(options),
    registry: new ServiceRegistry(options),
  }
}

async function close({ bus, registry }: Kit): Promise<void> {
  await bus.close({ drainMs: 0 })
  await registry.close()
}

/** Returns a used home, and its folders, starting with the home itself. */
async function usedHome(): Promise<{ readonly used: string; readonly folders: readonly string[] }> {
  const used = join(temporaryHome(), 'home')
  const kit = open(used)
  kit.bus.on('n', () => Promise.reject(new Error('boom')), { group: 'g', maxAttempts: 1 })
  for (const operation of Object.values(OPERATIONS)) await operation(kit)
  await kit.bus.emit('n', 1)
  await vi.waitUntil(async () => (await kit.bus.parkedGroups()).length > 0, 60_000)
  await close(kit)
  const folders = readdirSync(used, { recursive: true, encoding: 'utf8' }).filter(
    (name) => lstatSync(join(used, name), { throwIfNoEntry: false })?.isDirectory() === true,
  )
  return { used, folders: ['.', ...folders] }
}

test('if a file has the place of a folder, each call does its work or fails with STORAGE_FAILED', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const { used, folders } = await usedHome()
  const others: string[] = []
  for (const folder of folders) {
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const home = join(temporaryHome(), 'home')
      cpSync(used, home, { recursive: true, filter: (path) => !lstatSync(path).isSocket() })
      rmSync(join(home, folder), { recursive: true })
      writeFileSync(join(home, folder), '')
      const kit = open(home)
      try {
        await operation(kit)
      } catch (error) {
        if (!isCliOpsError(error, 'STORAGE_FAILED'))
          others.push(`${name} without ${folder}: ${String(error)}`)
      }
      await close(kit)
    }
  }
  expect(folders).toContain('events')
  expect(others).toEqual([])
})
