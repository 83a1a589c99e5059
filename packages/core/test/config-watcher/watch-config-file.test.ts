import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConfigBus, EventBus, watchConfigFile } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

interface Watched {
  readonly path: string
  readonly changes: [string, unknown][]
  /** Resolves when so many changes have been announced. */
  count(changes: number): Promise<void>
}

async function watched(
  name: string,
  content?: string,
  rateLimit: EventBusRate = false,
): Promise<Watched> {
  const path = join(temporaryHome(), name)
  if (content !== undefined) writeFileSync(path, content)
  const bus = new EventBus({ inMemory: true, rateLimit })
  const changes: [string, unknown][] = []
  const waiting = new Set<() => void>()
  bus.on('config:changed', ({ key, value }) => {
    changes.push([key, value])
    for (const look of waiting) look()
  })
  const watcher = watchConfigFile(path, { bus })
  onTestFinished(() => watcher.close())
  await watcher.ready
  const count = (expected: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (changes.length < expected) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return { path, changes, count }
}

type EventBusRate = NonNullable<ConstructorParameters<typeof EventBus>[0]>['rateLimit']

describe('watchConfigFile', () => {
  test('announces the keys that change, are added and are removed', async () => {
    const file = await watched('a.json', '{"theme":"light","ui":{"size":1,"font":"x"},"list":[1]}')
    writeFileSync(file.path, '{"theme":"dark","ui":{"size":1},"list":[1,2],"a.b":{}}')
    await file.count(4)
    expect(Object.fromEntries(file.changes)).toEqual({
      'ui.font': null,
      theme: 'dark',
      list: [1, 2],
      'a\\.b': {},
    })
  })

  test('reads YAML and TOML', async () => {
    const yaml = await watched('a.yaml', 'theme: light\nui:\n  size: 1\n')
    const toml = await watched('a.toml', 'theme = "light"\n[ui]\nsize = 1\n')
    writeFileSync(yaml.path, 'theme: dark\nui:\n  size: 1\n')
    writeFileSync(toml.path, 'theme = "light"\nsince = 2020-01-02T03:04:05Z\n[ui]\nsize = 2\n')
    await yaml.count(1)
    await toml.count(2)
    expect(yaml.changes).toEqual([['theme', 'dark']])
    expect(Object.fromEntries(toml.changes)).toEqual({
      'ui.size': 2,
      since: '2020-01-02T03:04:05.000Z',
    })
  })

  test('follows saves by rename, removal, and a file that was missing', async () => {
    const file = await watched('a.json')
    writeFileSync(`${file.path}.tmp`, '{"n":1}')
    renameSync(`${file.path}.tmp`, file.path)
    await file.count(1)
    writeFileSync(`${file.path}.tmp`, '{"n":2}')
    renameSync(`${file.path}.tmp`, file.path)
    await file.count(2)
    rmSync(file.path)
    await file.count(3)
    expect(file.changes).toEqual([
      ['n', 1],
      ['n', 2],
      ['n', null],
    ])
  })

  test('keeps the last good content while the file is garbage, and warns once', async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => stderr.mockRestore())
    const file = await watched('a.json', '{"n":1,"m":1}')
    truncateSync(file.path)
    appendFileSync(file.path, '{"n":')
    await vi.waitUntil(() => stderr.mock.calls.length > 0, 10_000)
    appendFileSync(file.path, ' "unfinished')
    writeFileSync(file.path, '{"n":2,"m":1}')
    await file.count(1)
    expect(file.changes).toEqual([['n', 2]])
    expect(stderr.mock.calls.length).toBe(1)
    expect(stderr.mock.calls[0]![0]).toContain('a.json is not used as it is now')
  })

  test('sees the last of many changes that follow each other closely', async () => {
    const file = await watched('a.json', '{"n":0}')
    for (let n = 1; n <= 20; n += 1) writeFileSync(file.path, JSON.stringify({ n }))
    await vi.waitUntil(() => file.changes.at(-1)?.[1] === 20, 10_000)
  })

  test('loses no change to the rate limit', async () => {
    const file = await watched('a.json', '{}', { max: 5, perMs: 100 })
    const keys = Array.from({ length: 12 }, (_, n) => [`k${n}`, n] as const)
    writeFileSync(file.path, JSON.stringify(Object.fromEntries(keys)))
    await file.count(12)
    expect(Object.fromEntries(file.changes)).toEqual(Object.fromEntries(keys))
  })

  test('is not misled by hostile keys', async () => {
    const file = await watched('a.json', '{}')
    writeFileSync(file.path, '{"__proto__":{"polluted":1},"constructor":"c"}')
    await file.count(2)
    expect(file.changes).toEqual([
      ['__proto__.polluted', 1],
      ['constructor', 'c'],
    ])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('ends with close and with its signal, and refuses what it cannot watch', async () => {
    const bus = new EventBus({ inMemory: true })
    const path = join(temporaryHome(), 'a.json')
    mkdirSync(`${path}.d`)
    const ending = new AbortController()
    const watcher = watchConfigFile(path, { bus, signal: ending.signal })
    await watcher.ready
    ending.abort()
    await watcher.close()
    expect(() => watchConfigFile('a.ini', { bus })).toThrow(/format must be given/u)
    expect(() => watchConfigFile('', { bus })).toThrow(TypeError)
    expect(() => watchConfigFile('a.json', { bus: {} as ConfigBus })).toThrow(/bus must be/u)
  })
})
