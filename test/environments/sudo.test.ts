import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, onTestFinished, test } from 'vitest'

import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'

const CLI = join(root, 'packages/cli/dist/main.js')
const KIT = pathToFileURL(join(root, 'packages/core/dist/index.js')).href
/** A uid that nobody on this machine has. */
const UID = 61_234

const whyNot = process.getuid?.() === 0 ? canRead(UID) : 'only root can act for another user'

/** The checkout can be in a folder that only its owner may enter. */
function canRead(uid: number): string | undefined {
  const { status } = spawnSync(process.execPath, [CLI, '--version'], {
    uid,
    gid: uid,
    cwd: '/',
    env: { HOME: '/' },
  })
  return status === 0 ? undefined : 'another user cannot read this checkout'
}

function userHome(): string {
  const home = temporaryHome()
  chownSync(home, UID, UID)
  return home
}

function cliOps(home: string, uid: number, ...args: string[]) {
  const { status, stderr, stdout } = spawnSync(process.execPath, [CLI, ...args], {
    uid,
    gid: uid,
    cwd: '/',
    env: { HOME: home, PATH: process.env['PATH'] },
    encoding: 'utf8',
  })
  return { status, stderr, stdout }
}

/** Returns what belongs to other users in a folder. */
function strangeIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => lstatSync(join(folder, name)).uid !== UID,
  )
}

describe.skipIf(whyNot !== undefined)(`root in the home of a user (${whyNot ?? 'sudo'})`, () => {
  test('leaves the user everything that it creates there', () => {
    const home = userHome()
    expect(cliOps(home, 0, 'run', '--lock', 'db', '--', 'true')).toMatchObject({ status: 0 })
    expect(cliOps(home, 0, 'emit', 'task:created', '{}')).toMatchObject({ status: 0 })
    expect(strangeIn(home)).toEqual([])
    for (const uid of [UID, 0, UID]) {
      expect(cliOps(home, uid, 'run', '--lock', 'db', '--', 'true')).toMatchObject({ status: 0 })
      expect(cliOps(home, uid, 'emit', 'task:created', '{}')).toMatchObject({ status: 0 })
    }
    expect(strangeIn(home)).toEqual([])
    expect(
      cliOps(home, UID, 'events', '--since', '1h', '--json').stdout.trim().split('\n'),
    ).toHaveLength(4)
  })

  test.each([
    { holder: 0, other: UID },
    { holder: UID, other: 0 },
  ])('shares its locks: $holder holds, $other finds it taken', async ({ holder, other }) => {
    const home = userHome()
    const child = spawn(process.execPath, [CLI, 'run', '--lock', 'db', '--', 'sleep', '60'], {
      uid: holder,
      gid: holder,
      cwd: '/',
      env: { HOME: home, PATH: process.env['PATH'] },
      stdio: 'ignore',
    })
    onTestFinished(async () => {
      child.kill()
      await once(child, 'exit')
    })
    const lock = join(home, '.local/share/cli-ops/locks/db.lock')
    await expect.poll(() => namesIn(lock).join(), { timeout: 60_000 }).toMatch(/^held/u)
    const refused = cliOps(home, other, 'run', '--lock', 'db', '--no-wait', '--', 'true')
    expect(refused.status).toBe(75)
    expect(refused.stderr).toContain('is held by cli-ops run sleep')
  })

  test('is refused a directory that another user has created in a shared place', () => {
    const shared = temporaryHome()
    const home = join(shared, 'ops')
    mkdirSync(home, { mode: 0o700 })
    chownSync(home, UID, UID)
    const { status, stderr } = spawnSync(
      process.execPath,
      [CLI, 'run', '--lock', 'db', '--', 'true'],
      {
        env: { ...process.env, CLI_OPS_HOME: home },
        encoding: 'utf8',
      },
    )
    expect(status).not.toBe(0)
    expect(stderr).toContain(`it belongs to uid ${UID}, not to you (uid 0)`)
    expect(namesIn(home)).toEqual([])
  })

  test('is refused what root created before, with the way to get it back', () => {
    const home = userHome()
    mkdirSync(join(home, '.local/share'), { recursive: true })
    mkdirSync(join(home, '.local/share/cli-ops'), { mode: 0o700 })
    const script = `
      const { LockManager } = await import(${JSON.stringify(KIT)})
      await new LockManager().lock('db').catch((error) => console.log(error.code, error.message))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      uid: UID,
      gid: UID,
      cwd: '/',
      env: { HOME: home },
      encoding: 'utf8',
    })
    expect(stdout).toMatch(/^INSECURE_DIRECTORY .*belongs to uid 0.*sudo chown -R/u)
  })
})
