import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { runCli } from '../../benchmarks/startup/cli-runner.mjs'
import { filesIn, loadedFiles, packageOf } from '../../benchmarks/startup/loaded-modules.mjs'
import { root, workspaces } from '../../scripts/workspaces.mjs'
import { hasRedisServer, RedisServer } from '../engines/redis-server.js'

const scratch = mkdtempSync(join(tmpdir(), 'cli-ops-'))
afterAll(() => {
  rmSync(scratch, { recursive: true })
})

const DRIVERS = workspaces().filter(({ name }) => name.startsWith('@cli-ops/driver-'))
/** The client libraries of all engines, from the drivers' manifests. */
const CLIENTS = DRIVERS.flatMap(({ dir }) => {
  const { peerDependencies } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    readonly peerDependencies: Readonly<Record<string, string>>
  }
  return Object.keys(peerDependencies)
})

/** Each has a lock and emits an event, and could load every engine: this workspace has them all. */
const COMMANDS = [
  ['cli-alpha', 'add', 'one'],
  ['cli-beta', 'add', 'Lamp'],
  ['cli-gamma', 'create', 'House'],
] as const

function cliOf(name: string) {
  const folder = name === 'cli-ops' ? 'packages/cli' : `examples/${name}`
  return { file: join(root, folder, 'dist', 'main.js'), home: join(scratch, 'home') }
}

/** Returns the driver and client files that a command loads. */
function engineFilesOf([name = '', ...args]: readonly string[]) {
  const files = loadedFiles(cliOf(name), args, scratch, { XDG_DATA_HOME: scratch })
  return files.filter((file) => {
    const isDriver = DRIVERS.some(({ dir }) => file.startsWith(`${dir}${sep}`))
    return isDriver || CLIENTS.includes(packageOf(file) ?? '')
  })
}

test('the clients are known, and could be loaded here', () => {
  expect(CLIENTS).toEqual(expect.arrayContaining(['ioredis', 'ws']))
  expect(CLIENTS.length).toBeGreaterThanOrEqual(DRIVERS.length)
  const require = createRequire(join(root, 'package.json'))
  for (const name of CLIENTS) expect(() => require.resolve(name), name).not.toThrow()
})

describe('a CLI that works on one machine', () => {
  test.each(COMMANDS)('%s %s loads no file of an engine', (...command) => {
    expect(engineFilesOf(command)).toEqual([])
  })

  test.each(COMMANDS)('%s loads none when it inspects, either', (name) => {
    for (const args of [['status'], ['locks'], ['events'], ['ps']])
      expect(engineFilesOf([name, 'ops', ...args])).toEqual([])
  })
})

test('cli-ops loads none either, even when it creates and lists access keys of a hub', () => {
  for (const args of [['status'], ['emit', 'build:done'], ['serve', 'token', 'list']])
    expect(engineFilesOf(['cli-ops', ...args])).toEqual([])
})

test.runIf(hasRedisServer())('one with the URL of an engine loads its client', async () => {
  const server = await RedisServer.start()
  try {
    // Otherwise the tests above would prove nothing.
    const [name, ...args] = COMMANDS[0]
    const reports = mkdtempSync(join(scratch, 'coverage-'))
    const env = { CLI_OPS_URL: server.url, NODE_V8_COVERAGE: reports, XDG_DATA_HOME: scratch }
    runCli(cliOf(name), args, env)
    // The companion loads it, and the companion ends after the command.
    await expect.poll(() => filesIn(reports).map((file) => packageOf(file))).toContain('ioredis')
  } finally {
    await server.stop()
  }
})
