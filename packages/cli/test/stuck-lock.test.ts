import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'

import type { LockInfo } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { startTeamProcess } from './fixtures/team-process.js'

describe('a blocked deploy', () => {
  test('is freed with two commands: one shows the holder, the other takes the lock from it', async () => {
    const user = new CliOpsUser()
    const stuck = startTeamProcess(user.env, 'cli-beta', 'deploy', '--lock', 'deploy')
    await stuck.begun
    stuck.child.kill('SIGSTOP')
    const deploy = user.start('run', '-l', 'deploy', '--', 'echo', 'deployed')
    await deploy.says('waiting for "deploy"')

    const locks = await user.run('locks')
    expect(locks.stdout).toMatch(/^deploy +exclusive .* cli-beta deploy \(pid \d+, .*, stopped\)/mu)
    const id = /(\S+)$/mu.exec(locks.stdout.split('\n')[1] ?? '')?.[1] ?? ''
    const doctor = await user.run('doctor')
    expect(doctor.stdout).toContain(`cli-ops locks release deploy --id ${id}`)

    const release = await user.run('locks', 'release', 'deploy', '--id', id)
    expect(release.status).toBe(0)
    expect(release.stdout).toMatch(/^Released "deploy" from cli-beta deploy \(pid \d+/u)
    expect((await deploy.ended).stdout).toBe('deployed\n')
  })

  test('an id from before frees no newer lock', async () => {
    const user = new CliOpsUser()
    const ops = user.coordinator()
    const first = await ops.locks.lock('deploy')
    const [{ id }] = await user.json<[LockInfo]>('locks')
    await first.release()
    const second = await ops.locks.lock('deploy')
    expect(second.id).not.toBe(id)
    const { status, stdout } = await user.run('locks', 'release', 'deploy', '--id', id)
    expect(status).toBe(1)
    expect(stdout).toMatch(/^Nothing to release: no current holder of "deploy" has the id /u)
    second.assertHeld()
    await second.release()
  })
})

const isRoot = process.getuid?.() === 0
const canMount = spawnSync('unshare', ['--mount', 'true']).status === 0
const hasUser = spawnSync('setpriv', ['--reuid=65534', '--clear-groups', 'true']).status === 0

describe('a home that is not to be used', () => {
  test.skipIf(!canMount)('read-only: looking works, and the rest says why not', async () => {
    const user = new CliOpsUser()
    await user.run('emit', 'a:b')
    const readOnly = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec cli-ops "$@"'
    const run = (...args: readonly string[]) =>
      user.bash(
        ['unshare --mount bash -c', readOnly, user.home, ...args]
          .map((word, place) => (place === 0 ? word : `'${word}'`))
          .join(' '),
      ).ended
    for (const command of ['status', 'locks', 'ps', 'events', 'clean'])
      expect({ command, ...(await run(command)) }).toMatchObject({ command, status: 0, stderr: '' })
    expect((await run('wait-for', 'a:b', '--since', '1h')).stdout).toBe('{}\n')
    for (const [args, status] of [
      [['emit', 'a:b'], 1],
      [['run', '-l', 'db', '--', 'true'], 69],
    ] as const) {
      const end = await run(...args)
      expect({ args, status: end.status }).toEqual({ args, status })
      expect(end.stderr).toMatch(
        /^cli-ops: cannot use .*: the file system is read-only; [^\n]+\n$/u,
      )
    }
  })

  test.skipIf(!isRoot || !hasUser)('of another user: every command says whose it is', async () => {
    const user = new CliOpsUser()
    await user.run('emit', 'a:b')
    chmodSync(user.directory, 0o755)
    for (const [command, status] of [
      ['cli-ops status', 1],
      ['cli-ops locks', 1],
      ['cli-ops emit a:b', 1],
      ['cli-ops run -l db -- true', 77],
      ['cli-ops doctor', 1],
    ] as const) {
      const end = await user.bash(`setpriv --reuid=65534 --clear-groups ${command}`).ended
      expect({ command, status: end.status }).toEqual({ command, status })
      expect(end.stdout + end.stderr).toMatch(
        /belongs to|permission|EACCES|not yours|another user/iu,
      )
      expect(end.stderr).not.toContain('    at ')
    }
  })

  test('no directory: said in one line', async () => {
    const user = new CliOpsUser({ CLI_OPS_HOME: '/dev/null/home' })
    for (const [args, status] of [
      [['locks'], 1],
      [['emit', 'a:b'], 1],
      [['run', '-l', 'db', '--', 'true'], 69],
    ] as const) {
      const end = await user.run(...args)
      expect({ args, status: end.status }).toEqual({ args, status })
      expect(end.stderr).toMatch(/^cli-ops: .+\n$/u)
    }
  })

  test('that goes away under a wait is no crash', async () => {
    const user = new CliOpsUser()
    const waiting = user.start('wait-for', 'never', '--timeout', '2s')
    mkdirSync(user.home, { recursive: true, mode: 0o700 })
    rmSync(user.home, { recursive: true, force: true })
    expect((await waiting.ended).stderr).not.toContain('    at ')
  })
})
