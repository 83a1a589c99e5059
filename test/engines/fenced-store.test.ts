import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { HubServer } from './hub-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.js'

const example = fileURLToPath(new URL('../../examples/fenced-store/run.mjs', import.meta.url))

interface Engine {
  readonly title: string
  start(): Promise<{ readonly env: Record<string, string>; stop(): Promise<void> }>
}

const REDIS: Engine = {
  title: 'Redis',
  start: async () => {
    const server = await RedisServer.start()
    return { env: { CLI_OPS_URL: server.url }, stop: () => server.stop() }
  },
}
const HUB: Engine = {
  title: 'a hub',
  start: async () => {
    const server = await HubServer.start()
    const env = { CLI_OPS_URL: server.url, CLI_OPS_TOKEN: server.secret }
    return { env, stop: () => server.stop() }
  },
}
const engines = hasRedisServer() ? [REDIS, HUB] : [HUB]

describe.each(engines)('the example of a fenced store on $title', { timeout: 60_000 }, (engine) => {
  let server: Awaited<ReturnType<Engine['start']>>
  beforeAll(async () => {
    server = await engine.start()
  })
  afterAll(() => server.stop())

  /** Runs the example to its end, with the store in a directory, or at a place. */
  function runExample(...place: readonly string[]) {
    const home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    const { status, stdout, stderr } = spawnSync(process.execPath, [example, ...place], {
      encoding: 'utf8',
      env: { ...process.env, ...server.env, CLI_OPS_HOME: home },
    })
    removeFolder(home)
    return { status, stdout, stderr }
  }

  function refusesTheStale({ status, stdout, stderr }: ReturnType<typeof runExample>): void {
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^first: refused: another owner has had the lock since$/mu)
    expect(stdout).toMatch(/^-- the store holds: second$/mu)
    expect(status).toBe(0)
  }

  test('refuses an owner that was suspended for longer than its lease', () => {
    refusesTheStale(runExample())
  })

  test.runIf(hasPostgres())('so does a table of PostgreSQL', async () => {
    const postgres = await PostgresServer.start()
    try {
      refusesTheStale(runExample(postgres.url))
    } finally {
      await postgres.stop()
    }
  })
})
