import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'

const isRoot = process.getuid?.() === 0

/** Runs a program that leaves a file, and returns whether it did. */
async function runTouch(user: CliOpsUser, ...options: readonly string[]) {
  const { status, stderr } = await user.run('run', '-l', 'db', ...options, '--', 'echo', 'ran')
  return { status, lines: stderr.split('\n').length - 1, stderr }
}

describe('a program does not run, and the exit code says why', () => {
  test.each([
    [
      { CLI_OPS_URL: 'nonsense://x' },
      78,
      'CLI_OPS_URL must have a supported scheme, got "nonsense:"',
    ],
    [{ CLI_OPS_HOME: 'relative' }, 78, 'CLI_OPS_HOME must be an absolute path'],
    [{ CLI_OPS_LOCK_TIMEOUT_MS: 'soon' }, 78, 'CLI_OPS_LOCK_TIMEOUT_MS must be a whole number'],
    [{ CLI_OPS_NAMESPACE: 'a\nb' }, 78, 'CLI_OPS_NAMESPACE must'],
    [
      { CLI_OPS_URL: 'redis://127.0.0.1:1', CLI_OPS_ENGINE_TIMEOUT_MS: '500' },
      69,
      'redis://127.0.0.1:1',
    ],
  ])('%j: %i', async (env, status, message) => {
    const user = new CliOpsUser(env)
    const end = await runTouch(user)
    expect(end).toMatchObject({ status, lines: 1 })
    expect(end.stderr).toContain(message)
  })

  test('78: config.json cannot be parsed', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home, { mode: 0o700 })
    writeFileSync(join(user.home, 'config.json'), '{ "clis": ')
    const end = await runTouch(user)
    expect(end).toMatchObject({ status: 78, lines: 1 })
    expect(end.stderr).toContain('config.json cannot be used')
  })

  test('applies what config.json says about cli-ops', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home, { mode: 0o700 })
    const config = { clis: { 'cli-ops': { url: 'nonsense://x' } } }
    writeFileSync(join(user.home, 'config.json'), JSON.stringify(config))
    expect(await runTouch(user)).toMatchObject({ status: 78, lines: 1 })
  })

  test('77: others can read the home', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home)
    chmodSync(user.home, 0o755)
    expect(await runTouch(user)).toMatchObject({ status: 77, lines: 1 })
  })

  test.skipIf(isRoot)('77: this user may not write there', async () => {
    const user = new CliOpsUser()
    mkdirSync(user.home, { mode: 0o500 })
    expect(await runTouch(user)).toMatchObject({ status: 77, lines: 1 })
  })

  test('69: there is nowhere to create a home', async () => {
    const user = new CliOpsUser()
    writeFileSync(user.home, 'a file')
    const end = await runTouch(new CliOpsUser({ CLI_OPS_HOME: join(user.home, 'below') }))
    expect(end).toMatchObject({ status: 69, lines: 1 })
  })

  test('75: the lock is busy, and nothing else', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator().locks.lock('db')
    expect(await runTouch(user, '-n')).toMatchObject({ status: 75, lines: 1 })
    expect(await runTouch(user, '-w', '50ms', '-e', 'a:done')).toMatchObject({ status: 75 })
    await lock.release()
  })

  test.each([
    [['--wait', 'soon'], 2],
    [['--kill-after', '5'], 2],
    [['--nonsense'], 2],
    [['--wait'], 2],
  ])('%j: %i, a wrong argument', async (options, status) => {
    const { status: ended, stdout } = await new CliOpsUser().run('run', '-l', 'db', ...options)
    expect({ status: ended, stdout }).toEqual({ status, stdout: '' })
  })

  test('127: an unset variable names no program', async () => {
    const { status, stderr } = await new CliOpsUser().run('run', '-l', 'db', '--', '')
    expect({ status, stderr }).toEqual({
      status: 127,
      stderr: 'cli-ops: cannot run "": no such program\n',
    })
  })

  test.each([
    ['#!/nonexistent\n', 127],
    ['\u007fELF nonsense', 126],
  ])('a file that begins with %j: %i, as in a shell', async (content, status) => {
    const user = new CliOpsUser()
    const file = join(user.directory, 'program')
    writeFileSync(file, content, { mode: 0o755 })
    const shell = await user.bash(`set +e; sh -c 'exec ./program' 2>/dev/null; echo $?`).ended
    expect(shell.stdout).toBe(`${status}\n`)
    expect((await user.run('run', '-l', 'db', './program')).status).toBe(status)
  })
})

test('what cannot be read about those who join does not change how a program ends', async () => {
  const user = new CliOpsUser()
  const script = 'echo x > "$CLI_OPS_HOME/locks/db%1F%1F%1Fjoin.lock"; exit 3'
  const { status, stderr } = await user.run('run', '--lock', 'db', '--', 'sh', '-c', script)
  expect({ status, stderr }).toEqual({ status: 3, stderr: '' })
})
