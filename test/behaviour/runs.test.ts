import { existsSync, unlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { type Host, HOSTS, type RunningHost, startHost } from './run-host.js'

const LOCK = 'deploy'
const JOIN = { resource: LOCK, onBusy: 'join' }
const REPLACE = { resource: LOCK, onBusy: 'replace' }
const WAITS = `waiting for "${LOCK}"`

/** What a lock does is the same in every major. */
const NEWEST = HOSTS.filter(({ framework }) => !/-\d+$/u.test(framework))

let home: string
let told: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
  told = join(home, 'told')
})
afterEach(async () => {
  await rm(home, { recursive: true })
})

/** Starts a command that ends as it is told to, under a lock. */
function start(host: Host, ending: string, lock: object, env: Record<string, string> = {}) {
  const running = startHost(host, {
    home,
    args: ['run', ending],
    options: { commands: { run: { lock } } },
    env: { HOST_UNTIL: told, ...env },
  })
  onTestFinished(() => void running.child.kill('SIGKILL'))
  return running
}

function tell(): void {
  writeFileSync(told, '')
}

/** Resolves when it has said so on stderr. */
function says({ child, ended }: RunningHost, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (piece: string) => {
      said += piece
      if (said.includes(text)) resolve()
    })
    void ended.then(() => {
      reject(new Error(`ended without ${text}: ${said}`))
    })
  })
}

function linesOf(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.includes(WAITS))
}

describe.each(NEWEST)('$title', (host) => {
  test.each([
    ['process.exit(5) when told', 5],
    ['rejects when told', 1],
    ['process.exit(5) when told, in synchronous code', 5],
  ])('a command joins one that ends by %s', async (ending, exitCode) => {
    const first = start(host, ending, JOIN)
    await first.ready
    const joiners = [start(host, 'returns', JOIN), start(host, 'returns', JOIN)]
    await Promise.all(joiners.map((joiner) => says(joiner, WAITS)))
    tell()
    const { exitCode: own } = await first.ended
    expect(own).toBe(exitCode)
    for (const { ended } of joiners) {
      const { stdout, stderr, ...end } = await ended
      expect({ stdout, ...end }).toEqual({ stdout: '', exitCode, signal: null })
      expect(linesOf(stderr)).toEqual([
        expect.stringMatching(
          new RegExp(
            `^host: joined: "deploy" was held by host run \\(pid ${first.child.pid}, .*\\), which ended with exit code ${exitCode}$`,
          ),
        ),
      ])
    }
    // Nobody is left, and the next one runs.
    const next = await start(host, 'returns', JOIN).ended
    expect(next).toMatchObject({ exitCode: 0, stdout: 'done\n' })
  })

  test('a command that has joined one that was killed ends with 1, and says so', async () => {
    const first = start(host, 'SIGKILL', JOIN)
    await first.ready
    const joiner = start(host, 'returns', JOIN)
    await says(joiner, WAITS)
    first.child.kill('SIGKILL')
    const { stderr, ...end } = await joiner.ended
    expect(end).toEqual({ exitCode: 1, signal: null, stdout: '' })
    expect(linesOf(stderr)).toEqual([
      expect.stringContaining('which ended with an unknown exit code, so this one exits with 1'),
    ])
  })

  test.each([
    ['SIGTERM', { exitCode: null, signal: 'SIGTERM' }],
    ['process.exit(5) when told, in synchronous code', { exitCode: null, signal: 'SIGTERM' }],
    ['SIGTERM with a listener of the host', { exitCode: 9, signal: null }],
  ])('a command replaces one that stays until %s', async (ending, end) => {
    const first = start(host, ending, REPLACE)
    await first.ready
    const second = await start(host, 'returns', REPLACE).ended
    expect(second).toMatchObject({ exitCode: 0, stdout: 'done\n' })
    const { stdout, ...ended } = await first.ended
    expect(ended).toMatchObject(end)
    // Once, and as by anybody.
    expect(stdout).toBe(end.exitCode === 9 ? 'ready\nhost cleans up\n' : 'ready\n')
    await using ops = createCoordinator({ name: 'observer', home })
    expect(await ops.locks.list()).toEqual([])
  })

  test.skipIf(process.platform === 'win32')(
    'a command starts when the program that the replaced one waited for has ended, too',
    async () => {
      for (const env of [{}, { HOST_SYNC: 'on' }]) {
        const first = start(host, 'waits for a program', REPLACE)
        await first.ready
        const second = await start(host, 'returns', REPLACE, env).ended
        expect(existsSync(`${told}.program`)).toBe(true)
        expect(second).toMatchObject({ exitCode: 0, stdout: 'done\n' })
        expect(await first.ended).toMatchObject({ signal: 'SIGTERM', stdout: 'ready\n' })
        unlinkSync(`${told}.program`)
      }
    },
  )

  test('a command does not replace one whose rule does not say so', async () => {
    const first = start(host, 'process.exit(5) when told', { resource: LOCK })
    await first.ready
    const { stderr, ...end } = await start(host, 'returns', REPLACE).ended
    expect(end).toEqual({ exitCode: 75, signal: null, stdout: '' })
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^host: "deploy" is held by host run \\(pid ${first.child.pid}, .*\\), whose rule does not allow replacing it; to end it: kill ${first.child.pid}$`,
        ),
      ),
    ])
    tell()
    expect(await first.ended).toMatchObject({ exitCode: 5 })
  })
})

describe.each(NEWEST)('$title, withLock()', (host) => {
  const startLocked = (ending: string, lock: object): RunningHost => {
    const env = { HOST_UNTIL: told, HOST_WITH_LOCK: JSON.stringify(lock) }
    const running = startHost(host, { home, args: ['run', ending], options: {}, env })
    onTestFinished(() => void running.child.kill('SIGKILL'))
    return running
  }

  test.each([
    ['process.exit(5) when told', 5],
    ['rejects when told', 1],
  ])('a handler joins one that ends by %s', async (ending, exitCode) => {
    const first = startLocked(ending, JOIN)
    await first.ready
    const joiner = startLocked('returns', JOIN)
    await says(joiner, WAITS)
    tell()
    expect(await joiner.ended).toMatchObject({ exitCode, stdout: '' })
    expect(await first.ended).toMatchObject({ exitCode })
  })

  test('a handler replaces another one', async () => {
    const first = startLocked('SIGTERM with a listener of the host', REPLACE)
    await first.ready
    expect(await startLocked('returns', REPLACE).ended).toMatchObject({
      exitCode: 0,
      stdout: 'done\n',
    })
    expect(await first.ended).toMatchObject({ exitCode: 9, stdout: 'ready\nhost cleans up\n' })
  })
})

describe.each(NEWEST.filter(({ program }) => !program.startsWith('oclif')))(
  '$title, called in synchronous code',
  (host) => {
    const SYNC = { HOST_SYNC: 'on' }

    test('a command joins another one', async () => {
      const first = start(host, 'process.exit(5) when told, in synchronous code', JOIN, SYNC)
      await first.ready
      const joiner = start(host, 'returns', JOIN, SYNC)
      await says(joiner, WAITS)
      tell()
      expect(await joiner.ended).toMatchObject({ exitCode: 5, stdout: '' })
      expect(await first.ended).toMatchObject({ exitCode: 5 })
    })

    test('a command that has joined one that was killed ends with 1', async () => {
      const blocked = 'process.exit(5) when told, in synchronous code'
      const first = start(host, blocked, JOIN, SYNC)
      await first.ready
      const joiner = start(host, 'returns', JOIN, SYNC)
      await says(joiner, WAITS)
      first.child.kill('SIGKILL')
      expect(await joiner.ended).toMatchObject({ exitCode: 1, stdout: '' })
    })

    test('a command replaces another one, and is replaced', async () => {
      const blocked = 'process.exit(5) when told, in synchronous code'
      const first = start(host, blocked, REPLACE, SYNC)
      await first.ready
      const second = start(host, blocked, REPLACE, SYNC)
      await second.ready
      expect(await first.ended).toMatchObject({ signal: 'SIGTERM' })
      const third = start(host, 'returns', REPLACE)
      expect(await third.ended).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      expect(await second.ended).toMatchObject({ signal: 'SIGTERM' })
    })

    test('a command gives up after the time that one may take to end', async () => {
      const first = start(host, 'process.exit(5) when told, whatever signal comes', REPLACE)
      await first.ready
      const hasty = { ...REPLACE, graceMs: 200 }
      const refused = await start(host, 'returns', hasty, SYNC).ended
      expect(refused).toMatchObject({ exitCode: 75, stdout: '' })
      expect(linesOf(refused.stderr)).toEqual([
        expect.stringMatching(/, 200 ms after it was asked to end; to end it: kill -KILL \d+$/u),
      ])
      tell()
      expect(await first.ended).toMatchObject({ exitCode: 5, stdout: 'ready\nasked\n' })
    })
  },
)
