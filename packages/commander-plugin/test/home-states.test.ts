import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { hostProject, type HostProject, type HostRun } from './fixtures/host-project.js'

const HOST = `program.use(cliOps({ commands: { locked: { lock: 'db' } } }))
program.command('plain').action(() => console.log('ran'))
program.command('emitting').action(emits('done', async () => console.log('ran')))
program.command('locked').action(() => console.log('ran'))
program.command('wrapped').action(withLock('db', async () => console.log('ran')))
await program.parseAsync()`

interface BrokenHome {
  readonly what: string
  readonly run?: HostRun
  readonly message: RegExp
  /** Exit code of a command that needs a lock. */
  readonly refusal: number
  breakIt?(host: HostProject): void
}

const linux: readonly BrokenHome[] = [
  {
    what: 'a read-only file system',
    run: { env: { CLI_OPS_HOME: '/sys/cli-ops' } },
    refusal: 77,
    message: /cannot use \/sys\/cli-ops: (?:it is not writable|the file system is read-only)/,
  },
]

const BROKEN: readonly BrokenHome[] = [
  {
    what: 'a home that others can enter',
    refusal: 77,
    breakIt: ({ home }) => chmodSync(home, 0o755),
    message: /refusing to use .*: its mode is 755, .*; run "chmod 700" on it/,
  },
  {
    what: 'a home behind a symbolic link',
    refusal: 77,
    breakIt: ({ home, directory }) => {
      rmSync(home, { recursive: true })
      symlinkSync(directory, home)
    },
    message: /refusing to use .*: it is a symbolic link/,
  },
  {
    what: 'a path through a file',
    refusal: 69,
    run: { env: { CLI_OPS_HOME: '/dev/null/cli-ops' } },
    message: /cannot use \/dev\/null\/cli-ops: a part of the path is a file/,
  },
  ...(process.platform === 'linux' ? linux : []),
]

describe.each(BROKEN)('with $what', ({ run, message, refusal, breakIt }) => {
  function brokenHost(): HostProject {
    const host = hostProject(HOST)
    breakIt?.(host)
    return host
  }

  test.each(['plain', 'emitting'])('"%s" runs, with one warning', async (command) => {
    const { status, stdout, stderr } = await brokenHost().run([command], run)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
    expect(stderr).toMatch(/^host: continuing without events and registry: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  })

  test.each(['locked', 'wrapped'])('"%s" does not run', async (command) => {
    const { status, stdout, stderr } = await brokenHost().run([command], run)
    expect({ status, stdout }).toEqual({ status: refusal, stdout: '' })
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(message)
  })
})

test('a missing home is made, and only by a command', async () => {
  const host = hostProject(HOST)
  const home = join(host.home, 'not', 'there')
  const env = { CLI_OPS_HOME: home }
  expect((await host.run(['--help'], { env })).status).toBe(0)
  expect(existsSync(home)).toBe(false)
  expect(await host.run(['locked'], { env })).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
  expect(existsSync(home)).toBe(true)
})

test.each([
  ['CLI_OPS_HOME', 'here', 'CLI_OPS_HOME must be an absolute path, got "here"'],
  ['CLI_OPS_NAMESPACE', '\n', 'CLI_OPS_NAMESPACE must not contain control characters, got "\\n"'],
])(
  'a wrong %s is named in one line, and keeps locks alone from being had',
  async (name, value, reason) => {
    const host = hostProject(HOST)
    const env = { [name]: value }
    expect(await host.run(['--version'], { env })).toMatchObject({ status: 0, stderr: '' })
    const warning = `host: continuing without events and registry: ${reason}\n`
    expect(await host.run(['plain'], { env })).toEqual({
      status: 0,
      stdout: 'ran\n',
      stderr: warning,
    })
    expect(await host.run(['locked'], { env })).toEqual({
      status: 78,
      stdout: '',
      stderr: `host: ${reason}\n`,
    })
  },
)

test('a URL that no driver serves keeps a command with a lock from running', async () => {
  const { status, stdout, stderr } = await hostProject(HOST).run(['locked'], {
    env: { CLI_OPS_URL: 'nowhere://engine' },
  })
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
  expect(stderr).toMatch(/^host: CLI_OPS_URL must [^\n]+$/m)
})

describe('on a disk that takes no more bytes', () => {
  const run = { before: 'ulimit -f 0' }

  test('a command runs, with one warning', async () => {
    const { status, stdout, stderr } = await hostProject(HOST).run(['plain'], run)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
    expect(stderr).toMatch(
      /^host: continuing .*: cannot use .*: a file there has reached [^\n]+\n$/,
    )
  })

  test('a lock, which lies in names alone, holds all the same', async () => {
    const host = hostProject(HOST)
    expect(await host.run(['locked'], run)).toMatchObject({ status: 0, stdout: 'ran\n' })
    await using lock = await host.coordinator().locks.lock('db')
    const env = { CLI_OPS_LOCK_TIMEOUT_MS: '0' }
    expect(await host.run(['locked'], { ...run, env })).toMatchObject({ status: 75, stdout: '' })
    lock.assertHeld()
  })
})

describe('on a disk without room for another file', () => {
  /** Mounts a tiny file system, where this user may; tells whether it did. */
  function fillDisk({ home }: HostProject): boolean {
    const options = ['-t', 'tmpfs', '-o', 'nr_inodes=1,mode=0700', 'tmpfs', home]
    if (spawnSync('mount', options).status !== 0) return false
    onTestFinished(() => void spawnSync('umount', [home]))
    return true
  }

  test('a command runs with one warning, and one with a lock does not', async ({ skip }) => {
    const host = hostProject(HOST)
    if (!fillDisk(host)) skip('mounting takes root')
    const { status, stdout, stderr } = await host.run(['emitting'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
    expect(stderr).toMatch(
      /^host: continuing .*: cannot use .*: the disk is full; free some space[^\n]+\n$/,
    )
    const refused = await host.run(['locked'])
    expect(refused).toMatchObject({ status: 69, stdout: '' })
    expect(refused.stderr).toContain('the disk is full')
  })
})
