import { spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, expect, test, vi } from 'vitest'

import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
const home = join(folder, 'home')
mkdirSync(home, { mode: 0o700 })
symlinkSync(MODULES, join(folder, 'node_modules'))
afterAll(() => {
  removeFolder(folder)
})

/**
 * Shows from outside that something was written to stderr, and does its work a turn later, when the stream has reported
 * the error.
 */
const program = (parse: string): string => `import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { cliOps } from '@cli-ops/commander-plugin'
const { write } = process.stderr
process.stderr.write = function (...args) {
  const result = Reflect.apply(write, this, args)
  writeFileSync('written', '')
  return result
}
const program = new Command('host')
cliOps({ commands: { add: { lock: 'res' } } })(program)
program.command('add').action(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20))
  writeFileSync('done', '')
})
${parse}`

// As with `cli 2>&1 | head -1`.
test.for(['program.parse()', 'await program.parseAsync()'])(
  '%s: a host whose stderr is no longer read waits and does its work',
  async (parse) => {
    const cwd = mkdtempSync(join(folder, 'host-'))
    writeFileSync(join(cwd, 'host.mjs'), program(parse))
    await using ops = createCoordinator({ name: 'holder', home })
    await using lock = await ops.locks.lock('res')
    const child = spawn(process.execPath, ['host.mjs', 'add'], {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: cwd, CLI_OPS_HOME: home },
    })
    child.stderr.destroy()
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await vi.waitUntil(() => existsSync(join(cwd, 'written')), { timeout: 60_000 })
    await lock.release()
    expect(await ended).toBe(0)
    expect(existsSync(join(cwd, 'done'))).toBe(true)
  },
)

// As with `cli 2>log` on a full disk. The stderr of a worker of the host is piped to its own, which has a listener then.
test.runIf(existsSync('/dev/full')).for(['program.parse()', 'await program.parseAsync()'])(
  '%s: a host with a worker whose stderr cannot be written to waits and does its work',
  async (parse) => {
    const cwd = mkdtempSync(join(folder, 'host-'))
    const worker = `import { Worker } from 'node:worker_threads'
    new Worker('setInterval(() => undefined, 60_000)', { eval: true }).unref()\n`
    writeFileSync(join(cwd, 'host.mjs'), worker + program(parse))
    await using ops = createCoordinator({ name: 'holder', home })
    await using lock = await ops.locks.lock('res')
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, ['host.mjs', 'add'], {
      cwd,
      stdio: ['ignore', 'ignore', full],
      env: { PATH: process.env['PATH'], HOME: cwd, CLI_OPS_HOME: home },
    })
    closeSync(full)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await vi.waitUntil(() => existsSync(join(cwd, 'written')), { timeout: 60_000 })
    await lock.release()
    expect(await ended).toBe(0)
    expect(existsSync(join(cwd, 'done'))).toBe(true)
  },
)
