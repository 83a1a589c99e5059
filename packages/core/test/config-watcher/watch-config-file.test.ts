import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type ConfigBus, EventBus, watchConfigFile } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

interface Watched {
  readonly path: string
  readonly changes: [string, unknown][]
  /** Resolves when that many changes have been announced. */
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
  test('announces changed, added and removed keys', async () => {
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

  test.each([
    ['a.jsonc', '{ "theme": "light", /* 1 */ }', '// 2\n{ "theme": "dark", }'],
    ['a.json5', "{ theme: 'light' }", "{ theme: 'dark', // as it is\n }"],
    ['.env', '# mine\ntheme=light', 'export theme="dark"'],
    ['.env.local', 'theme=light', 'theme=dark'],
    ['production.env', 'theme=light', "theme='dark'"],
  ])('reads %s', async (name, before, after) => {
    const file = await watched(name, before)
    writeFileSync(file.path, after)
    await file.count(1)
    expect(file.changes).toEqual([['theme', 'dark']])
  })

  test('merges the keys of YAML', async () => {
    const file = await watched('a.yaml', 'base: &b { x: 1, y: 2 }\nmine: { <<: *b, y: 3 }\n')
    writeFileSync(file.path, 'base: &b { x: 5, y: 2 }\nmine: { <<: *b, y: 3 }\n')
    await file.count(2)
    expect(Object.fromEntries(file.changes)).toEqual({ 'base.x': 5, 'mine.x': 5 })
  })

  test.each([
    ['a.yaml', 'id: 1', 'id: 9007199254740993', '9007199254740993'],
    ['a.yaml', 'id: 1', 'id: -12345678901234567890', '-12345678901234567890'],
    ['a.toml', 'id = 1', 'id = 9007199254740993', '9007199254740993'],
    ['a.yaml', 'id: 1', 'id: 9007199254740991', 9007199254740991],
    ['a.json', '{"id":1}', '{"id":9007199254740992}', 9007199254740992],
    ['a.json', '{"id":1}', '{"id":1e300}', 1e300],
    ['a.json', '{"id":1}', '{"id":"9007199254740993"}', '9007199254740993'],
    ['a.json5', '{id:1}', '{id:0x20000000000000, /* 9007199254740993 */}', 2 ** 53],
  ])('parses large integers exactly: %s %s', async (name, before, after, value) => {
    const file = await watched(name, before)
    writeFileSync(file.path, after)
    await file.count(1)
    expect(file.changes).toEqual([['id', value]])
  })

  test.each([
    ['a.json', '{"id":9007199254740993}', /9007199254740993 is too large for a JSON number/u],
    ['a.json', '{"a":{"b":[-12345678901234567890]}}', /12345678901234567890 is too large/u],
    ['a.json', '{"id":1e999}', /"id" must not be Infinity/u],
    ['a.json5', '{id:0x20000000000001}', /0x20000000000001 is too large/u],
    ['a.json5', '{id:NaN}', /"id" must not be NaN/u],
    ['a.yaml', 'id: .inf', /"id" must not be Infinity/u],
  ])('or refuses them: %s %s', async (name, content, message) => {
    const path = join(temporaryHome(), name)
    writeFileSync(path, content)
    const errors: unknown[] = []
    const bus = new EventBus({ inMemory: true })
    const watcher = watchConfigFile(path, { bus, onError: (error) => errors.push(error) })
    onTestFinished(async () => {
      await watcher.close()
      await bus.close()
    })
    await watcher.ready
    expect(errors).toMatchObject([{ message: expect.stringMatching(message) as string }])
  })

  test('follows saves by renaming, a removal, and a file that was missing', async () => {
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

  test('keeps the last valid content while the file is garbage, and warns once', async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => stderr.mockRestore())
    const file = await watched('a.json', '{"n":1,"m":1}')
    truncateSync(file.path)
    appendFileSync(file.path, '{"n":')
    await vi.waitUntil(() => stderr.mock.calls.length > 0, 60_000)
    appendFileSync(file.path, ' "unfinished')
    writeFileSync(file.path, '{"n":2,"m":1}')
    await file.count(1)
    expect(file.changes).toEqual([['n', 2]])
    expect(stderr.mock.calls.length).toBe(1)
    expect(stderr.mock.calls[0]![0]).toMatch(/ignoring the current content of .*a\.json: /u)
  })

  test('sees the last of many changes in quick succession', async () => {
    const file = await watched('a.json', '{"n":0}')
    for (let n = 1; n <= 20; n += 1) writeFileSync(file.path, JSON.stringify({ n }))
    await vi.waitUntil(() => file.changes.at(-1)?.[1] === 20, 60_000)
  })

  test('loses no change to the rate limit', async () => {
    const file = await watched('a.json', '{}', { max: 5, perMs: 100 })
    const keys = Array.from({ length: 12 }, (_, n) => [`k${n}`, n] as const)
    writeFileSync(file.path, JSON.stringify(Object.fromEntries(keys)))
    await file.count(12)
    expect(Object.fromEntries(file.changes)).toEqual(Object.fromEntries(keys))
  })

  test('announces only the latest value if changes have to wait', async () => {
    const file = await watched('a.json', '{}', { max: 1, perMs: 400 })
    writeFileSync(file.path, JSON.stringify({ a: 0, b: 0, c: 0 }))
    await file.count(1)
    writeFileSync(file.path, JSON.stringify({ a: 1, b: 1, c: 1 }))
    await vi.waitUntil(() => new Set(file.changes.map(([key]) => key)).size === 3, 20_000)
    await vi.waitUntil(() => file.changes.at(-1)?.[1] === 1 && file.changes.length === 4, 20_000)
    // One listener got the first value before the second change; the others never see it.
    expect(file.changes.filter(([, value]) => value === 0)).toHaveLength(1)
  })

  test('announces many thousands of keys, each once', async () => {
    const file = await watched('a.json', '{}')
    const keys = Array.from({ length: 20_000 }, (_, n) => [`key ${n}`, n] as const)
    writeFileSync(file.path, JSON.stringify(Object.fromEntries(keys)))
    await file.count(keys.length)
    expect(file.changes).toHaveLength(keys.length)
    expect(Object.fromEntries(file.changes)).toEqual(Object.fromEntries(keys))
  })

  test('a file that is truncated and rewritten piece by piece loses no key in between', async () => {
    const file = await watched('a.yaml', 'a: 1\nb: 1\nc: 1\n')
    truncateSync(file.path)
    for (const piece of ['a: 1\n', 'b: 2\n', 'c: 1\n']) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      appendFileSync(file.path, piece)
    }
    await file.count(1)
    expect(file.changes).toEqual([['b', 2]])
  })

  test('a file that stays truncated loses its keys', async () => {
    const file = await watched('a.yaml', 'a: 1\nb: 1\n')
    truncateSync(file.path, 5)
    await file.count(1)
    truncateSync(file.path)
    await file.count(2)
    expect(file.changes).toEqual([
      ['b', null],
      ['a', null],
    ])
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
    expect(() => watchConfigFile('a.json', { bus, onEror: () => 1 } as { bus: ConfigBus })).toThrow(
      'options has an unknown key "onEror"; did you mean "onError"?',
    )
    expect(() => watchConfigFile('a.json', { bus: {} as ConfigBus })).toThrow(/bus must be/u)
  })

  describe('a path that cannot be read', () => {
    const CASES: readonly (readonly [string, (path: string) => string, RegExp])[] = [
      [
        'leads through a file',
        (path) => {
          writeFileSync(path, '{}')
          return join(path, 'app.json')
        },
        /ENOTDIR/u,
      ],
      [
        'is a link to itself',
        (path) => {
          symlinkSync(path, path)
          return path
        },
        /ELOOP/u,
      ],
      [
        'is a directory',
        (path) => {
          mkdirSync(path)
          return path
        },
        /is not a regular file/u,
      ],
      [
        'is a pipe',
        (path) => {
          execFileSync('mkfifo', [path])
          return path
        },
        /is not a regular file/u,
      ],
    ]

    test.each(CASES)(
      'because it %s rejects ready, and is read once it can be',
      async (_why, make, message) => {
        const base = join(temporaryHome(), 'a.json')
        const path = make(base)
        const errors: unknown[] = []
        const seen: unknown[] = []
        const bus = new EventBus({ inMemory: true })
        bus.on('config:changed', (change) => seen.push(change))
        const watcher = watchConfigFile(path, { bus, onError: (error) => errors.push(error) })
        onTestFinished(() => watcher.close())
        await expect(watcher.ready).rejects.toThrow(message)
        expect(errors).toHaveLength(1)
        rmSync(base, { recursive: true })
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, '{"n":1}')
        await vi.waitUntil(() => seen.length === 1, 20_000)
        expect(seen).toEqual([{ key: 'n', value: 1 }])
      },
    )

    test.each(CASES.slice(1))(
      'because it %s later is reported once, and ends nothing',
      async (_why, make, message) => {
        const path = join(temporaryHome(), 'a.json')
        writeFileSync(path, '{"n":1}')
        const errors: unknown[] = []
        const seen: unknown[] = []
        const bus = new EventBus({ inMemory: true })
        bus.on('config:changed', (change) => seen.push(change))
        const onError = (error: unknown): never => {
          errors.push(error)
          throw new Error('onError fails, too')
        }
        const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
        onTestFinished(() => stderr.mockRestore())
        const watcher = watchConfigFile(path, { bus, onError })
        onTestFinished(() => watcher.close())
        await watcher.ready
        rmSync(path)
        make(path)
        await vi.waitUntil(() => errors.length > 0, 20_000)
        expect(String(errors[0])).toMatch(message)
        rmSync(path, { recursive: true })
        writeFileSync(path, '{"n":2}')
        await vi.waitUntil(
          () => seen.some((change) => (change as { value: unknown }).value === 2),
          20_000,
        )
        expect(errors).toHaveLength(1)
      },
    )
  })
})
