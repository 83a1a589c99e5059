import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { startScript } from '../fixtures/start-script.js'
import { holdersIn, namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { runOpsCommand } from '../ops/run-ops.js'

function holder(home: string, name = 'holder') {
  const ops = createCoordinator({ name, home, version: '1.2.3' })
  onTestFinished(() => ops.close())
  return ops
}

const JSON_OUTPUT = { json: true }

describe('in an empty home', () => {
  test.each([
    ['locks', 'No lock is held or waited for.\n', '[]\n'],
    ['ps', 'No CLI is running.\n', '[]\n'],
    ['events', 'No matching events.\n', ''],
    [
      'clean',
      'Removed 0 stale locks, 0 dead instances, 0 expired events.\n',
      '{"locks":[],"instances":[],"events":0}\n',
    ],
  ])('"%s" says that there is nothing', async (path, text, json) => {
    const home = temporaryHome()
    expect(await runOpsCommand(home, path)).toEqual({ status: 0, stdout: text, stderr: '' })
    expect(await runOpsCommand(home, path, JSON_OUTPUT)).toMatchObject({ status: 0, stdout: json })
  })

  test.each(['status', 'locks', 'events', 'events parked', 'ps', 'clean', 'doctor'])(
    '"%s" leaves no traces, and creates no home',
    async (path) => {
      const home = temporaryHome()
      const missing = join(home, 'missing')
      expect(await runOpsCommand(home, path)).toMatchObject({ status: 0, stderr: '' })
      expect(readdirSync(home)).toEqual([])
      expect(await runOpsCommand(missing, path)).toMatchObject({ status: 0, stderr: '' })
      expect(existsSync(missing)).toBe(false)
    },
  )
})

describe('in a home in use', () => {
  test('every command shows it, and inspecting changes nothing', async () => {
    const home = temporaryHome()
    const ops = holder(home)
    await ops.registry.register('holder', { version: '1.2.3' })
    await using lock = await ops.locks.lock('db')
    await ops.events.emit('task:created', { id: '1' })
    const before = readdirSync(home, { recursive: true }).sort()

    const locks = await runOpsCommand(home, 'locks')
    expect(locks.stdout).toMatch(
      /^RESOURCE .*\ndb +exclusive +.* holder.*\(pid \d+, .*\)(?:: .*)? +- +\S+\n$/,
    )
    const ps = await runOpsCommand(home, 'ps')
    expect(ps.stdout).toMatch(/^NAME .*\nholder +1\.2\.3 +\d+ +running .* no +\S+\n$/)
    const events = await runOpsCommand(home, 'events')
    expect(events.stdout).toMatch(/^\S+Z {2}task:created {2}\{"id":"1"\} {2}\(\/cli-ops\/.*\)\n$/)
    const { stdout } = await runOpsCommand(home, 'status', JSON_OUTPUT)
    expect(JSON.parse(stdout)).toEqual({
      home,
      namespace: '',
      instances: [
        {
          name: 'holder',
          instance: expect.any(String) as unknown,
          pid: process.pid,
          version: '1.2.3',
          startedAt: expect.any(String) as unknown,
          state: 'live',
        },
      ],
      locks: [
        {
          resource: 'db',
          id: lock.id,
          token: lock.token.toString(),
          mode: 'exclusive',
          since: expect.stringMatching(/Z$/u) as unknown,
          owner: expect.objectContaining({
            name: 'holder',
            pid: process.pid,
            state: 'running',
          }) as unknown,
          waiters: [],
          holders: [
            {
              id: lock.id,
              token: lock.token.toString(),
              owner: expect.objectContaining({ pid: process.pid }) as unknown,
              since: expect.stringMatching(/Z$/u) as unknown,
            },
          ],
          waiting: [],
        },
      ],
      events: {
        kept: 1,
        oldest: expect.stringMatching(/Z$/u) as unknown,
        lastMinute: 1,
        lastHour: 1,
        types: [{ type: 'task:created', count: 1 }],
      },
      parked: [],
      requests: [],
      disk: {
        bytes: expect.any(Number) as unknown,
        files: expect.any(Number) as unknown,
        isMore: false,
        freeBytes: expect.any(Number) as unknown,
      },
      warnings: [],
      problems: [],
    })
    expect(readdirSync(home, { recursive: true }).sort()).toEqual(before)
    lock.assertHeld()
  })

  test('inspects the namespace that is set', async () => {
    const home = temporaryHome()
    const ops = createCoordinator({ name: 'team', home, namespace: 'team' })
    await using _lock = await ops.locks.lock('db')
    expect((await runOpsCommand(home, 'locks', JSON_OUTPUT)).stdout).toBe('[]\n')
    const env = { CLI_OPS_NAMESPACE: 'team' }
    expect((await runOpsCommand(home, 'locks', {}, { env })).stdout).toContain('db')
    // The home's config.json sets it for the CLI itself: then that is the one to inspect.
    writeFileSync(join(home, 'config.json'), '{ "clis": { "cli": { "namespace": "team" } } }')
    expect((await runOpsCommand(home, 'locks')).stdout).toContain('db')
  })

  test('CLI_OPS_DISABLED does not disable inspecting', async () => {
    const home = temporaryHome()
    await using _lock = await holder(home).locks.lock('db')
    const env = { CLI_OPS_DISABLED: '1' }
    expect((await runOpsCommand(home, 'locks', {}, { env })).stdout).toContain('db')
    expect((await runOpsCommand(home, 'doctor', {}, { env })).stdout).toContain(
      'warn  environment: CLI_OPS_DISABLED is set',
    )
  })

  test('what a killed holder left is not shown as held, and "clean" removes it', async () => {
    const home = temporaryHome()
    const killed = startScript('lock-once.mjs', [home])
    await killed.line()
    killed.child.kill('SIGKILL')
    await killed.ended
    expect(holdersIn(home)).toHaveLength(1)
    expect((await runOpsCommand(home, 'locks', JSON_OUTPUT)).stdout).toBe('[]\n')
    expect((await runOpsCommand(home, 'clean')).stdout).toMatch(/^Removed 1 stale lock, /)
    expect(holdersIn(home)).toEqual([])
  })

  test('names and data from other programs do not reach the terminal raw', async () => {
    const home = temporaryHome()
    const ops = holder(home)
    await ops.events.emit('task:created', { id: '1', title: 'a\u009b2Jb\u202ec\u001b[31m' })
    const segment = join(home, 'events', readdirSync(join(home, 'events'))[0]!)
    const hostile = {
      specversion: '1.0',
      id: '1',
      source: '/\u001b]0;owned\u0007',
      type: 'a\u009b2J\nb',
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      data: {},
    }
    appendFileSync(segment, `\n${JSON.stringify(hostile)}\n`)
    const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u // eslint-disable-line no-control-regex
    const { stdout } = await runOpsCommand(home, 'events')
    expect(stdout).toContain('task:created')
    expect(stdout).not.toMatch(control)
    const json = await runOpsCommand(home, 'events', JSON_OUTPUT)
    expect(json.stdout).not.toMatch(control)
    expect(JSON.parse(json.stdout.split('\n')[0]!)).toMatchObject({
      data: { title: 'a\u009b2Jb\u202ec\u001b[31m' },
    })
  })
})

describe('locks release', () => {
  test('releases the lock of the holder with that id, and names it', async () => {
    const home = temporaryHome()
    const ops = holder(home)
    const lock = await ops.locks.lock('db')
    const result = await runOpsCommand(home, 'locks release', { id: lock.id }, { args: ['db'] })
    expect(result).toMatchObject({ status: 0, stderr: '' })
    expect(result.stdout).toMatch(/^Released "db" from holder.*\(pid \d+, .*\)\./)
    expect(await ops.locks.isLocked('db')).toBe(false)
    await lock.release()
  })

  test('never releases a newer lock', async () => {
    const home = temporaryHome()
    const ops = holder(home)
    const old = await ops.locks.lock('db')
    await old.release()
    await using newer = await ops.locks.lock('db')
    const result = await runOpsCommand(
      home,
      'locks release',
      { id: old.id, json: true },
      { args: ['db'] },
    )
    expect(result).toEqual({
      status: 1,
      stdout: `${JSON.stringify({ resource: 'db', id: old.id, released: false })}\n`,
      stderr: '',
    })
    newer.assertHeld()
    expect(await ops.locks.inspect('db')).toMatchObject({ id: newer.id })
  })

  test.each([
    [{ id: 'x' }, [], 'resource must be a string'],
    [{ id: '' }, ['db'], '--id must not be empty'],
    [{ id: '../x' }, ['a\u001b[31m'], 'resource must not contain control characters'],
  ])('refuses %j %j', async (options, args, message) => {
    const result = await runOpsCommand(temporaryHome(), 'locks release', options, { args })
    expect(result).toMatchObject({ status: 2, stdout: '' })
    expect(result.stderr).toContain(`cli: ${message}`)
  })
})

describe('events', () => {
  test('--type and --since select', async () => {
    const home = temporaryHome()
    const { events } = holder(home)
    await events.emit('task:created', { id: '1' })
    await events.emit('item:created', { id: '2' })
    const ids = async (options: object): Promise<unknown[]> => {
      const { stdout } = await runOpsCommand(home, 'events', { ...options, json: true })
      const lines = stdout.split('\n').filter((line) => line !== '')
      return lines.map((line) => (JSON.parse(line) as { data: { id: string } }).data.id)
    }
    expect(await ids({})).toEqual(['1', '2'])
    expect(await ids({ type: 'task:*' })).toEqual(['1'])
    expect(await ids({ type: 'item:created', since: '1h' })).toEqual(['2'])
    expect(await ids({ since: '2999-01-01' })).toEqual([])
  })

  test.each([
    [{ type: 'a*b' }, '--type must be an event type, a prefix and ":*", or "*", got "a*b"'],
    [{ type: '' }, '--type must not be empty'],
    [{ since: '5' }, '--since must be an age such as 30s'],
    [{ since: '5', follow: true }, '--since must be an age such as 30s'],
  ])('%j is refused with exit code 2', async (options, message) => {
    const result = await runOpsCommand(temporaryHome(), 'events', options)
    expect(result).toMatchObject({ status: 2, stdout: '' })
    expect(result.stderr).toContain(`cli: ${message}`)
  })

  test('--follow shows stored and new events, until Ctrl-C', async () => {
    const home = temporaryHome()
    const { events } = holder(home)
    await events.emit('task:created', { id: '1' })
    let emitted = false
    const result = await runOpsCommand(
      home,
      'events',
      { follow: true },
      {
        onOutput: (child, stdout) => {
          if (stdout.includes('{"id":"2"}')) child.kill('SIGINT')
          else if (!emitted) {
            emitted = true
            void events.emit('task:deleted', { id: '2' })
          }
        },
      },
    )
    expect(result).toMatchObject({ status: 'SIGINT', stderr: '' })
    expect(result.stdout.match(/task:\w+/gu)).toEqual(['task:created', 'task:deleted'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('--follow ends when its reader has gone', async () => {
    const home = temporaryHome()
    const { events } = holder(home)
    await events.emit('task:created', { id: '1' })
    const result = await runOpsCommand(
      home,
      'events',
      { follow: true },
      {
        onOutput: (child) => {
          child.stdout?.once('close', () => void events.emit('task:created', { id: '2' }))
          child.stdout?.destroy()
        },
      },
    )
    expect(result).toMatchObject({ status: 0, stderr: '' })
  })
})

describe('doctor', () => {
  async function diagnose(home: string, env: Readonly<Record<string, string>> = {}) {
    const { status, stdout } = await runOpsCommand(home, 'doctor', JSON_OUTPUT, { env })
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean
      findings: { check: string; status: string; message: string; remedy?: string }[]
    }
    return { status, ok, find: (name: string) => findings.find(({ check }) => check === name) }
  }

  test('finds nothing wrong in a healthy home', async () => {
    const { status, ok, find } = await diagnose(temporaryHome())
    expect({ status, ok }).toEqual({ status: 0, ok: true })
    expect(find('home')).toMatchObject({ status: 'ok' })
  })

  test('names a home that others can enter, with the remedy', async () => {
    const home = temporaryHome()
    chmodSync(home, 0o755)
    const { status, ok, find } = await diagnose(home)
    expect({ status, ok }).toEqual({ status: 1, ok: false })
    expect(find('home')?.message).toContain('run "chmod 700" on it')
  })

  test.each([
    ['{', /cannot be used: .*JSON/],
    ['null', /it must be an object, got null/],
    ['{ "clis": 7 }', /clis must be an object, got 7/],
    ['{ "cli": {} }', /unknown key "cli"; did you mean "clis"\?/],
    ['{ "$schema": "x" }', /is valid/],
    [
      '{ "clis": { "svgo": { "commands": { "": { "lock": 7 } } } } }',
      /clis\["svgo"\]\.commands\[""\]\.lock must be a resource name or a lock rule, got 7/,
    ],
  ])('judges config.json: %s', async (content, message) => {
    const home = temporaryHome()
    writeFileSync(join(home, 'config.json'), content)
    expect((await diagnose(home)).find('config')?.message).toMatch(message)
  })

  test.each([
    ['{', 'no command of any CLI with the plugin runs (78)'],
    ['{ "clis": { "svgo": { "lok": 1 } } }', 'no command of svgo runs (78)'],
  ])('says whom an error in config.json affects: %s', async (content, remedy) => {
    const home = temporaryHome()
    writeFileSync(join(home, 'config.json'), content)
    const { stdout, stderr } = await runOpsCommand(home, 'doctor')
    expect(stdout).toContain(`      correct it; until then ${remedy}\n`)
    expect(stderr).toMatch(/^\S+: \S+config\.json cannot be used: .+; continuing without it\n$|^$/u)
  })

  describe('the rules of config.json', () => {
    /** Returns what the doctor says about them, after a CLI `tool` ran the command `sync`. */
    async function judge(clis: object, end: object = {}) {
      const home = temporaryHome()
      writeFileSync(join(home, 'config.json'), JSON.stringify({ clis }))
      await holder(home).events.emit('command:completed', {
        cli: 'tool',
        command: 'sync',
        instance: 'x',
        exitCode: 0,
        durationMs: 1,
        ...end,
      })
      const { stdout } = await runOpsCommand(home, 'doctor', JSON_OUTPUT)
      const { findings } = JSON.parse(stdout) as { findings: { check: string; message: string }[] }
      return findings.filter(({ check }) => check === 'rules').map(({ message }) => message)
    }
    const LOCK = { lock: 'db' }
    const HELD = { lock: { resource: 'db', waitedMs: 0 } }

    test('are listed with the last time that each of them held', async () => {
      const commands = { sync: { lock: { resource: 'db' }, emits: 'tool:synced' }, '*': LOCK }
      expect(await judge({ tool: { commands } }, HELD)).toEqual([
        expect.stringMatching(
          /^tool "sync" \(lock "db", emits "tool:synced"\): last held \d+ m?s ago$/u,
        ),
        'tool "*" (lock "db"): never seen',
      ])
    })

    test('hold for every command if they say so', async () => {
      expect(await judge({ tool: { commands: { '*': LOCK } } }, HELD)).toEqual([
        expect.stringContaining('"*" (lock "db"): last held'),
      ])
    })

    test('hold for a command that they name by an alias, which the log does not know', async () => {
      const end = { exitCode: 0, lock: { resource: 'db', waitedMs: 0 } }
      expect(await judge({ tool: { commands: { s: LOCK } } }, end)).toEqual([
        expect.stringContaining('"s" (lock "db"): last held'),
      ])
    })

    test('did not hold for a refused command', async () => {
      const end = { exitCode: 75, error: { name: 'CliOpsError', code: 'LOCK_HELD' } }
      expect(await judge({ tool: { commands: { sync: LOCK } } }, end)).toEqual([
        'tool "sync" (lock "db"): never seen',
      ])
    })

    test('did not hold for a command that ran without their lock', async () => {
      const end = { lock: { resource: 'other', waitedMs: 0 } }
      const expected = expect.stringMatching(
        /^tool "sync" \(lock "db"\): (?:not run since config\.json was last changed|ran \d+ m?s ago without taking the lock)$/u,
      ) as string
      expect(await judge({ tool: { commands: { sync: LOCK } } }, end)).toEqual([expected])
      expect(await judge({ tool: { commands: { sync: LOCK } } })).toEqual([expected])
    })

    test('are not taken for held by a command that they themselves refused', async () => {
      const end = { exitCode: 78, error: { name: 'TypeError' } }
      expect(await judge({ tool: { commands: { sync: LOCK } } }, end)).toEqual([
        expect.stringMatching(/^tool "sync" \(lock "db"\): refused \d+ m?s ago \(78\)$/u),
      ])
    })

    test('are two for one command', async () => {
      const commands = { 'a b': LOCK, 'a:b': LOCK }
      expect(await judge({ tool: { commands } }, HELD)).toEqual([
        'commands must have one rule for each command, got "a b" and "a:b" for the same one',
        'commands must have one rule for each command, got "a:b" and "a b" for the same one',
      ])
    })

    test.each([
      [
        'a command that nearly ran',
        { tool: { commands: { sycn: LOCK } } },
        /"sycn" .*never seen; did you mean "sync", which ran/u,
      ],
      ['another command', { tool: { commands: { publish: LOCK } } }, /"publish" .*never seen$/u],
      [
        'a CLI that nearly ran',
        { tol: { commands: { sync: LOCK } } },
        /"tol" was never seen; did you mean "tool"\?/u,
      ],
      ['another CLI', { webpack: { commands: { '*': LOCK } } }, /^webpack "\*" .*never seen$/u],
      [
        'several of its commands',
        { webpack: { commands: { a: LOCK, b: LOCK } } },
        /^webpack: 2 rules: never seen$/u,
      ],
    ])('name %s', async (_what, clis, message) => {
      expect(await judge(clis)).toEqual([expect.stringMatching(message)])
    })

    test('are absent', async () => {
      expect(await judge({ tool: {} })).toEqual(['none in config.json'])
    })
  })

  test('names a stopped holder and how to continue it', async () => {
    const home = temporaryHome()
    const stopped = startScript('lock-once.mjs', [home])
    await stopped.line()
    stopped.child.kill('SIGSTOP')
    const finding = (await diagnose(home)).find('locks')
    expect(finding).toMatchObject({ status: 'warning' })
    expect(finding?.message).toMatch(/^"db" is held by .*, stopped\)$/)
    expect(finding?.remedy).toMatch(
      new RegExp(`kill -CONT ${stopped.pid}.* cli ops locks release db --id \\S+$`),
    )
  })

  test('names what blocks a lock', async () => {
    const home = temporaryHome()
    mkdirSync(join(home, 'locks', 'db.lock'), { recursive: true })
    writeFileSync(join(home, 'locks', 'db.lock', 'notes.txt'), '')
    expect((await diagnose(home)).find('locks')).toMatchObject({
      status: 'warning',
      message: `${join(home, 'locks', 'db.lock')} contains "notes.txt", which the kit did not create`,
    })
  })

  test('names a lock with several states', async () => {
    const home = temporaryHome()
    const place = join(home, 'locks', 'db.lock')
    mkdirSync(place, { recursive: true })
    for (const state of ['free~7', 'free~9']) writeFileSync(join(place, state), '')
    expect((await diagnose(home)).find('locks')).toMatchObject({
      status: 'warning',
      message: `${place} contains several states, as after restoring a backup over it: "free~7", "free~9"`,
    })
  })

  test.each(['CLI_OPS_DISABLED', 'CLI_OPS_DEBUG'])('warns if %s is set to yes', async (name) => {
    const home = temporaryHome()
    expect((await diagnose(home, { [name]: 'yes' })).find('environment')).toMatchObject({
      status: 'warning',
      message: `${name} has no effect: it is neither 1 nor true`,
    })
    expect((await diagnose(home, { [name]: '0' })).find('environment')?.status).toBe('ok')
  })

  test('never shows the value of a variable', async () => {
    const env = { CLI_OPS_NAMESPACE: 'secret' }
    const finding = (await diagnose(temporaryHome(), env)).find('environment')
    expect(finding?.message).toBe('CLI_OPS_HOME, CLI_OPS_NAMESPACE set')
  })
})

test('reports a path through a file in one line, without a stack trace', async () => {
  const home = join(temporaryHome(), 'file')
  writeFileSync(home, '')
  const result = await runOpsCommand(join(home, 'home'), 'ps')
  expect(result).toMatchObject({ status: 1, stdout: '' })
  expect(result.stderr).toMatch(/^cli: cannot use .*: a part of the path is a file[^\n]*\n$/)
})

test.skipIf(!existsSync('/dev/full'))('fails if the result cannot be written', () => {
  const fixture = fileURLToPath(new URL('../ops/fixtures/ops.mjs', import.meta.url))
  const { status, stderr } = spawnSync(
    '/bin/sh',
    ['-c', '"$0" "$@" > /dev/full', process.execPath, fixture, 'status'],
    { encoding: 'utf8', env: { ...process.env, CLI_OPS_HOME: temporaryHome() } },
  )
  expect(status).toBe(1)
  expect(stderr).toMatch(/^cli: cannot write the result: ENOSPC[^\n]*\n$/)
})

test('"status" shows what it can', async () => {
  const home = join(temporaryHome(), 'file')
  writeFileSync(home, '')
  const { status, stdout } = await runOpsCommand(home, 'status')
  expect(status).toBe(1)
  expect(stdout).toMatch(/^! cannot use .*: it is not a directory/mu)
})

describe('doctor and third-party drivers', () => {
  test('loads each one that config.json names', async () => {
    const home = temporaryHome()
    const source = 'export const createDriver = () => undefined'
    writeFileSync(join(home, 'etcd.mjs'), source)
    const drivers = { etcd: './etcd.mjs', consul: './away.mjs' }
    writeFileSync(join(home, 'config.json'), JSON.stringify({ drivers }))
    const { status, stdout } = await runOpsCommand(home, 'doctor')
    expect(status).toBe(1)
    expect(stdout).toContain('drivers: etcd: URLs have a driver, "./etcd.mjs"')
    expect(stdout).toContain('drivers.consul must name an existing file, got "./away.mjs"')
    expect(stdout).toContain('until then nothing works on consul: URLs')
  })

  test('says nothing if there are none', async () => {
    const { stdout } = await runOpsCommand(temporaryHome(), 'doctor')
    expect(stdout).not.toContain('drivers')
  })
})
