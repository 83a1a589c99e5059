import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks, fileOf } from './markdown.js'

const GUIDE = join(root, 'docs/guides/write-a-driver.md')
const OPS = join(root, 'packages/cli/dist/main.js')
const HOST = join(root, 'test/engines/hosts/host-on-engine.mjs')
const KIT = join(root, 'packages/core')
/** No test waits for the end of such a lease. */
const LONG_LEASE_MS = 3_600_000

let folder: string
let driver: string
let home: string
let store: ChildProcess
let url: string
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  driver = join(folder, 'cli-ops-driver-bucket')
  home = join(folder, 'home')
  mkdirSync(home, { mode: 0o700 })
  const [{ code: commands } = { code: '' }] = codeBlocks(GUIDE, ['sh'])
  // A copy of the kit of its own, as npm would install it.
  const lines = commands.split('\n').filter((line) => !line.startsWith('npm install '))
  execFileSync('sh', ['-ec', lines.join('\n')], { cwd: folder })
  for (const part of ['dist', 'package.json'])
    cpSync(join(KIT, part), join(driver, 'node_modules/@cli-ops/shared-ipc', part), {
      recursive: true,
    })
  for (const block of codeBlocks(GUIDE, ['js']))
    writeFileSync(join(driver, fileOf(block) ?? 'unnamed.js'), block.code)
  store = spawn(process.execPath, ['store.mjs', '0'], {
    cwd: driver,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = (await once(store.stdout ?? store, 'data')) as [Buffer]
  url = `bucket://127.0.0.1:${Number(port)}`
  env = {
    ...process.env,
    CI: undefined,
    CLI_OPS_HOME: home,
    CLI_OPS_LOCKS_URL: url,
    CLI_OPS_LEASE_MS: String(LONG_LEASE_MS),
  }
})

afterAll(() => {
  store.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('the driver of the guide passes the conformance suite', () => {
  const args = ['--test', '--test-reporter=tap', 'driver.test.js']
  const { stdout } = spawnSync(process.execPath, args, { cwd: driver, encoding: 'utf8' })
  const failed = stdout.split('\n').filter((line) => /^\s*not ok /u.test(line))
  expect(failed).toEqual([])
  expect(Number(/^# pass (\d+)$/mu.exec(stdout)?.[1])).toBeGreaterThan(40)
})

test('it is as long as its guide says', () => {
  const lines = ['document.js', 'locks.js', 'index.js'].flatMap((file) =>
    readFileSync(join(driver, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== ''),
  )
  expect(lines.length).toBeLessThan(225)
})

test('before it is named, cli-ops says where it has looked', () => {
  const { status, stderr } = run('run', '--lock', 'deploy', '--', 'echo', 'mine')
  expect(status).toBe(78)
  expect(stderr).toContain('CLI_OPS_LOCKS_URL must have a supported scheme')
  for (const place of [
    `"drivers" in ${home}/config.json`,
    '@cli-ops/driver-bucket',
    'cli-ops-driver-bucket',
  ])
    expect(stderr).toContain(place)
})

test('cli-ops, the library and a plugin’s companion have one lock of it', async () => {
  nameInConfig()
  const host = spawn(process.execPath, [HOST, 'hold', '600000'], { env, stdio: 'pipe' })
  onTestFinished(() => void host.kill('SIGKILL'))
  await once(host.stdout, 'data')
  expect(run('run', '--lock', 'deploy', '--no-wait', '--', 'echo', 'mine').status).toBe(75)

  const options = { name: 'library', home, url: { locks: url }, leaseMs: LONG_LEASE_MS }
  await using library = createCoordinator(options)
  expect((await library.locks.inspect('deploy'))?.owner.pid).toBe(host.pid)

  // Its companion sees the host's end, and gives the lock back: the lease would go on for an hour.
  const waiting = library.locks.lock('deploy')
  host.kill('SIGKILL')
  await (await waiting).release()
  expect(run('run', '--lock', 'deploy', '--', 'echo', 'mine')).toMatchObject({
    status: 0,
    stdout: 'mine\n',
  })
})

test('doctor loads it', () => {
  nameInConfig()
  const { status, stdout } = run('doctor')
  expect(stdout).toContain(`bucket: URLs have a driver, ${JSON.stringify(driver)}`)
  expect(stdout).not.toMatch(/^(?:warn|FAIL)/mu)
  expect(status).toBe(0)
})

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [OPS, ...args], { env, encoding: 'utf8' })
}

function nameInConfig(): void {
  writeFileSync(join(home, 'config.json'), JSON.stringify({ drivers: { bucket: driver } }))
}
