import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { LockInfo } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { noPseudoTerminal, PseudoTerminal } from './fixtures/pseudo-terminal.js'
import { startTeamProcess } from './fixtures/team-process.js'

interface Turn {
  readonly outcome: string
  readonly resource: string
  readonly id?: string
  readonly waitedMs?: number
  readonly heldMs?: number
  readonly exitCode?: number
  readonly signal?: string
}

interface History {
  readonly turns: readonly Turn[]
  readonly usual: readonly { readonly holder: string; readonly runs: number }[]
  readonly waitedFor: readonly { readonly holder: string; readonly waits: number }[]
}

const TEAM_CLI = fileURLToPath(new URL('fixtures/team-cli.mjs', import.meta.url))
const UNTIL_TOLD = ['sh', '-c', 'echo began; read -r line']

async function turnsOf(user: CliOpsUser, ...args: string[]): Promise<readonly Turn[]> {
  return (await user.json<History>('history', ...args)).turns
}

async function holderOf(user: CliOpsUser): Promise<LockInfo> {
  const [lock] = await user.json<LockInfo[]>('locks')
  return lock!
}

describe('history', () => {
  test('lists the turns of programs and commands, how long each waited, and for whom', async () => {
    const user = new CliOpsUser()
    const running = user.start('run', '-l', 'db', '--label', 'eu', '--', ...UNTIL_TOLD)
    await running.says('began')
    const deploy = startTeamProcess(user.env, 'cli-api', 'deploy', '--lock', 'db', '--for', '10')
    await expect
      .poll(async () => (await holderOf(user)).waiting.length, { timeout: 20_000 })
      .toBe(1)
    running.child.stdin.end('go\n')
    await running.ended
    await deploy.begun
    await expect.poll(async () => (await turnsOf(user)).length, { timeout: 20_000 }).toBe(2)
    const { turns, waitedFor } = await user.json<History>('history', 'db')
    expect(turns).toMatchObject([
      { outcome: 'released', label: 'eu', holder: { name: 'cli-ops', command: 'run sh' } },
      { outcome: 'released', holder: { name: 'cli-api', command: 'deploy' } },
    ])
    expect(turns[1]?.waitedMs).toBeGreaterThan(0)
    expect(turns[1]?.heldMs).toBeGreaterThanOrEqual(9)
    expect(waitedFor).toMatchObject([{ holder: 'cli-ops run sh', waits: 1 }])
  })

  test('lists refused, superseded and killed commands', async () => {
    const user = new CliOpsUser()
    const running = user.start('run', '-l', 'db', '--', ...UNTIL_TOLD)
    await running.says('began')
    expect((await user.run('run', '-l', 'db', '--no-wait', '--', 'true')).status).toBe(75)
    const older = user.start('run', '-l', 'db', '--queue', 'latest', '--', 'true')
    await older.says('waiting for "db"')
    const newer = user.start('run', '-l', 'db', '--queue', 'latest', '--', 'true')
    expect((await older.ended).status).toBe(75)
    running.child.stdin.end('go\n')
    await newer.ended
    const deploy = startTeamProcess(user.env, 'cli-api', 'deploy', '--lock', 'db')
    await deploy.begun
    await deploy.end('SIGKILL')
    const turns = await turnsOf(user, 'db')
    expect(turns.map(({ outcome }) => outcome)).toEqual([
      'refused',
      'superseded',
      'released',
      'released',
      'killed',
    ])
    expect(turns[0]).toMatchObject({ code: 'LOCK_HELD', exitCode: 75 })
  })

  test('says how each program ended, and measures only those that succeeded', async () => {
    const user = new CliOpsUser()
    for (const script of ['exit 0', 'exit 3', 'kill -TERM $$'])
      await user.run('run', '-l', 'db', '--', 'sh', '-c', script)
    const { turns, usual } = await user.json<History>('history', 'db')
    expect(turns.map(({ exitCode, signal }) => exitCode ?? signal)).toEqual([0, 3, 'SIGTERM'])
    expect(usual).toMatchObject([{ holder: 'cli-ops run sh', runs: 1 }])
    const { stdout } = await user.run('history')
    expect(stdout).toMatch(/ 3 +released$/mu)
    expect(stdout).toMatch(/ SIGTERM +released$/mu)
  })

  test('does not call a lock killed that descendants of a program kept', async () => {
    const user = new CliOpsUser()
    const daemon = 'exec >/dev/null 2>&1; until test -e stop; do sleep 0.01; done'
    const script = `(${daemon}) & exit 3`
    const run = ['run', '-l', 'db', '--keep-for', 'descendants', '--', 'sh', '-c', script]
    expect((await user.run(...run)).status).toBe(3)
    expect(await turnsOf(user)).toEqual([])
    writeFileSync(join(user.directory, 'stop'), '')
    await user.run('run', '-l', 'db', '--', 'true')
    const turns = await turnsOf(user)
    expect(turns.map(({ outcome, exitCode }) => [outcome, exitCode])).toEqual([
      ['released', 3],
      ['released', 0],
    ])
    expect((await user.run('history')).stdout).toMatch(/ at most .* 3 +released$/mu)
  })

  test('tells a program who took its lock, and later readers too', async () => {
    const user = new CliOpsUser()
    const running = user.start('run', '-l', 'db', '--', ...UNTIL_TOLD)
    await running.says('began')
    const { id } = await holderOf(user)
    const release = user.start('locks', 'release', 'db', '--id', id)
    const { status, stderr } = await running.ended
    expect(status).toBe(76)
    const taker = `cli-ops locks release (pid ${release.child.pid}, `
    expect(stderr).toContain(`cli-ops: "db" was taken away by ${taker}`)
    expect(await turnsOf(user)).toMatchObject([
      { outcome: 'forced', id, by: { pid: release.child.pid, command: 'locks release' } },
    ])
    expect((await user.run('history')).stdout).toContain(`taken away by ${taker}`)
  })

  test('tells a command at its end who took its lock', async () => {
    const user = new CliOpsUser()
    const deploy = user.bash(`node ${TEAM_CLI} cli-api deploy --lock db --until over`)
    await deploy.says('begun')
    const { id } = await holderOf(user)
    await user.run('locks', 'release', 'db', '--id', id)
    writeFileSync(join(user.directory, 'over'), '')
    const { status, stderr } = await deploy.ended
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^cli-api: lost the lock on "db" while it ran: it was taken away by cli-ops locks release \(pid \d+, /mu,
    )
  })
})

describe('locks release without an id', () => {
  test('shows the holder, and the command that takes its lock', async () => {
    const user = new CliOpsUser()
    const lock = await user.coordinator('cli-beta').locks.lock('db', { label: 'eu' })
    const { status, stdout } = await user.run('locks', 'release', 'db')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /^Nothing was released\. "db" is held by\n {2}cli-beta .*"eu" \(pid \d+, /u,
    )
    expect(stdout).toContain(`\n    cli-ops locks release db --id ${lock.id}\n`)
    const json = await user.run('locks', 'release', 'db', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      released: false,
      holders: [{ id: lock.id, command: `cli-ops locks release db --id ${lock.id}` }],
    })
    lock.assertHeld()
    await lock.release()
    const free = await user.run('locks', 'release', 'db')
    expect(free).toMatchObject({ status: 1, stdout: 'Nothing to release: "db" is not held.\n' })
  })

  describe.skipIf(noPseudoTerminal !== undefined)('on a terminal', () => {
    const args = ['cli-ops', 'locks', 'release', 'db']

    test('asks, and takes the lock only after a yes', async () => {
      const user = new CliOpsUser()
      const lock = await user.coordinator('cli-beta').locks.lock('db')
      for (const [answer, status] of [
        ['\n', 1],
        ['n\n', 1],
        ['\u0004', 1],
        ['\u0003', 130],
      ] as const) {
        const terminal = new PseudoTerminal(args, user.env)
        await terminal.shows('[y/N]')
        terminal.keys(answer)
        expect(await terminal.ended).toBe(status)
        lock.assertHeld()
      }
      const terminal = new PseudoTerminal(args, user.env)
      await terminal.shows(/"db" is held by cli-beta .*\[y\/N\]/su)
      terminal.keys('y\n')
      expect(await terminal.ended).toBe(0)
      expect(terminal.screen).toContain('Released "db" from cli-beta')
      expect(() => lock.assertHeld()).toThrow('taken away')
    })

    test('asks which of several holders', async () => {
      const user = new CliOpsUser()
      const { locks } = user.coordinator('cli-beta')
      const [first, second] = await Promise.all([
        locks.lock('db', { mode: 'shared', label: 'one' }),
        locks.lock('db', { mode: 'shared', label: 'two' }),
      ])
      const terminal = new PseudoTerminal(args, user.env)
      await terminal.shows('[1-2, else none]')
      const place = terminal.screen.indexOf('"two"') < terminal.screen.indexOf('"one"') ? 1 : 2
      terminal.keys(`${place}\n`)
      expect(await terminal.ended).toBe(0)
      first.assertHeld()
      expect(() => second.assertHeld()).toThrow('taken away')
    })
  })
})
