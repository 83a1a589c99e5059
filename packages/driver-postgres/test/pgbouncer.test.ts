import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { LockManager } from '@cli-ops/shared-ipc'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { freePort } from '../../../test/engines/free-port.js'
import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'
import { useEverything } from './use-everything.js'

const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0
if (!hasPgBouncer)
  process.stderr.write('\n*** pgbouncer is not installed: its tests are SKIPPED ***\n\n')

describe.runIf(hasPostgres() && hasPgBouncer)('behind PgBouncer', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  afterAll(() => server.stop())

  /** Starts a pooler that ends after the test, and returns its URL. */
  async function startPooler(mode: 'session' | 'transaction'): Promise<string> {
    const port = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-pgbouncer-'))
    chmodSync(directory, 0o755)
    const file = join(directory, 'pgbouncer.ini')
    writeFileSync(
      file,
      `[databases]\n* = user=postgres host=127.0.0.1 port=${server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\n` +
        `unix_socket_dir =\nauth_type = any\npool_mode = ${mode}\n` +
        `default_pool_size = 20\n`,
    )
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
    const child = spawn('pgbouncer', [...user, file], { stdio: 'ignore' })
    onTestFinished(async () => {
      await end(child)
      rmSync(directory, { recursive: true })
    })
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const until = performance.now() + 30_000
    for (;;) {
      const client = new Client({ connectionString: url })
      try {
        await client.connect()
        await client.end()
        return url
      } catch (error) {
        if (performance.now() > until || child.exitCode !== null) throw error
        await delay(20)
      }
    }
  }

  test('works fully with a session for each client', async () => {
    await useEverything(await startPooler('session'))
  })

  test('is refused by name with a server for each transaction', async () => {
    const url = await startPooler('transaction')
    await using locks = new LockManager({ url, home: tmpdir(), disabled: false })
    await expect(locks.list()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('transaction mode') as unknown,
    })
  })
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
