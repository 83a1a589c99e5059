import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { hasRedisServer, RedisServer } from './redis-server.js'

const example = fileURLToPath(new URL('../../examples/fenced-store/run.mjs', import.meta.url))

describe.runIf(hasRedisServer())('the example of a fenced store', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  test('refuses an owner that was suspended for longer than its lease', { timeout: 60_000 }, () => {
    const home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    const { status, stdout } = spawnSync(process.execPath, [example], {
      encoding: 'utf8',
      env: { ...process.env, CLI_OPS_URL: server.url, CLI_OPS_HOME: home },
    })
    rmSync(home, { recursive: true })
    expect(stdout).toMatch(/^first: refused: another owner has had the lock since$/mu)
    expect(stdout).toMatch(/^-- the store holds: second$/mu)
    expect(status).toBe(0)
  })
})
