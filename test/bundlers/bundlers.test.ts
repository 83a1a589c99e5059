import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { hasRedisServer, RedisServer } from '../engines/redis-server.js'
import { npm } from '../packages/pack-packages.js'
import { BUNDLER_PACKAGES, BUNDLERS } from './bundlers.js'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-bundlers-')))
const tools = join(folder, 'tools')
const project = join(folder, 'project')
let missing: string | undefined

const RULE = `{ sync: { lock: { resource: 'db', onBusy: 'fail' }, emits: 'synced' }, wait: { lock: 'db' } }`
const HOSTS = {
  commander: `
import { Command } from 'commander'
import { cliOps } from '@cli-ops/commander-plugin'
const program = new Command('host')
program.use(cliOps({ name: 'host', commands: ${RULE} }))
for (const name of ['sync', 'wait']) program.command(name).action(() => console.log('ran'))
program.parse()`,
  yargs: `
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { cliOps } from '@cli-ops/yargs-plugin'
const ran = () => console.log('ran')
yargs(hideBin(process.argv))
  .scriptName('host')
  .middleware(cliOps({ name: 'host', commands: ${RULE} }))
  .command('sync', 'syncs', () => {}, ran)
  .command('wait', 'waits', () => {}, ran)
  .parse()`,
}

/** The bundlers, and a project that has the kit and the frameworks. */
beforeAll(() => {
  for (const directory of [tools, project]) {
    mkdirSync(directory)
    writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  }
  try {
    const flags = ['--no-audit', '--no-fund', '--silent', '--prefer-offline']
    npm(['install', ...flags, ...BUNDLER_PACKAGES], tools)
  } catch (error) {
    missing = `npm does not give the bundlers: ${String(error)}`
  }
  const links = {
    '@cli-ops/shared-ipc': 'packages/core',
    '@cli-ops/commander-plugin': 'packages/commander-plugin',
    '@cli-ops/yargs-plugin': 'packages/yargs-plugin',
    commander: 'node_modules/commander',
    yargs: 'node_modules/yargs',
  }
  for (const [name, target] of Object.entries(links)) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, target), link, 'junction')
  }
  for (const [name, source] of Object.entries(HOSTS))
    writeFileSync(join(project, `${name}.mjs`), source)
}, 240_000)

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const CASES = BUNDLERS.flatMap((bundler) => [
  { ...bundler, framework: 'commander' },
  { ...bundler, framework: 'yargs' },
])

describe.each(CASES)('a host on $framework made by $name', ({ name, framework, file, run }) => {
  test('takes its lock, stores its events, waits, refuses, and names what it lacks', async (context) => {
    context.skip(missing !== undefined && !name.startsWith('esbuild'), missing)
    const built = mkdtempSync(join(project, 'out-'))
    await run({ entry: join(project, `${framework}.mjs`), output: built, tools })
    // In a place without any packages.
    const output = mkdtempSync(join(folder, 'run-'))
    cpSync(built, output, { recursive: true })
    const program = join(output, file)
    const [command = '', ...first] =
      existsSync(program) && file === 'host' ? [program] : [process.execPath, program]
    const home = mkdtempSync(join(folder, 'home-'))
    const env = { ...process.env, CLI_OPS_HOME: home, XDG_RUNTIME_DIR: home, NODE_OPTIONS: '' }
    const start = (word: string, more: NodeJS.ProcessEnv = {}) => {
      const options = { cwd: output, env: { ...env, ...more }, encoding: 'utf8' as const }
      const { status, stdout, stderr } = spawnSync(command, [...first, word], options)
      return { status, stdout, stderr }
    }

    expect(start('sync')).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
    await using other = createCoordinator({ name: 'other', home })
    const events = await other.events.read('*', { from: 'earliest' })
    const types = Array.from(events, ({ type }) => type)
    expect(types).toEqual(['command:started', 'synced', 'command:completed'])

    const lock = await other.locks.lock('db')
    const refused = start('sync')
    expect(refused).toMatchObject({ status: 75, stdout: '' })
    expect(refused.stderr).toMatch(/^host: "db" is held by other \(pid \d+, .+\), for \d+ m?s\n$/u)

    const waiting = spawn(command, [...first, 'wait'], { cwd: output, env })
    let [said, shown] = ['', '']
    waiting.stdout.on('data', (piece: Buffer) => (said += String(piece)))
    const ended = once(waiting, 'close')
    while (!shown.includes('waiting for "db"')) {
      const [piece] = (await once(waiting.stderr, 'data')) as [Buffer]
      shown += String(piece)
    }
    await lock.release()
    expect([(await ended)[0], said]).toEqual([0, 'ran\n'])

    const engine = start('sync', { CLI_OPS_URL: 'redis://127.0.0.1:1' })
    expect(engine).toMatchObject({ stdout: '' })
    expect(engine.status).not.toBe(0)
    expect(engine.stderr).toMatch(
      /^host: a bundled program needs packages beside it to use an engine: npm install @cli-ops\/shared-ipc @cli-ops\/driver-\w+\n$/u,
    )
  })
})

// Other tests cover the plugins on an engine with their packages; this covers what a bundle finds beside it.
describe.skipIf(!hasRedisServer())('a bundled host beside the package and a driver', () => {
  test.each(BUNDLERS.slice(0, 3))('uses an engine: $name', async ({ file, run }) => {
    const output = mkdtempSync(join(folder, 'run-'))
    await run({ entry: join(project, 'commander.mjs'), output, tools })
    for (const [name, target] of [
      ['shared-ipc', 'core'],
      ['driver-redis', 'driver-redis'],
    ] as const) {
      mkdirSync(join(output, 'node_modules/@cli-ops'), { recursive: true })
      symlinkSync(join(root, 'packages', target), join(output, 'node_modules/@cli-ops', name))
    }
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const home = mkdtempSync(join(folder, 'home-'))
    await using other = createCoordinator({ name: 'other', home, url: server.url })
    // A fresh server grants no lock until every lease that it cannot know of has ended.
    await (await other.locks.lock('db')).release()

    const env = { ...process.env, CLI_OPS_HOME: home, CLI_OPS_URL: server.url, NODE_OPTIONS: '' }
    const args = [join(output, file), 'sync']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
    // The companion stores it after the host has gone.
    const ended = await other.events.once('command:completed', { from: 'earliest' })
    expect(ended.data).toMatchObject({ cli: 'host', command: 'sync', exitCode: 0 })
  })
})
