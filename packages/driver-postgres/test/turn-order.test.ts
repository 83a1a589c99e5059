import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { LockManager } from '@cli-ops/shared-ipc'
import type { Client } from 'pg'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'

const SETTLED = { timeout: 60_000, interval: 20 }

describe.runIf(hasPostgres())('the order in which calls lock rows', () => {
  // The waiter got ENGINE_UNAVAILABLE, "deadlock detected", after a second.
  test('a waiter that polls while another call grants it the lock waits for that call', async () => {
    const server = await PostgresServer.start()
    onTestFinished(() => server.stop())
    const options = { url: server.url, namespace: randomUUID(), home: tmpdir(), leaseMs: 600_000 }
    await using locks = new LockManager(options)
    await locks.lock('db')
    const next = locks.lock('db')
    await vi.waitFor(
      async () => expect((await locks.inspect('db'))?.waiting).toHaveLength(1),
      SETTLED,
    )
    const [granting, polling] = [await server.connect(), await server.connect()]
    onTestFinished(() => Promise.all([granting.end(), polling.end()]).then(() => undefined))
    const { rows } = await granting.query<{ space: string; kind: string; id: string }>(
      'select space, kind, id from cli_ops.claim where token is null',
    )
    const [waiter] = rows
    const place = [waiter?.space, waiter?.kind, 'db']
    await granting.query('begin')
    await granting.query('select cli_ops.turn($1, $2, $3)', place)
    await granting.query('delete from cli_ops.claim where token is not null')
    await granting.query('commit')
    // As a call does that makes room and is about to admit the next waiter.
    await granting.query('begin')
    await granting.query('select cli_ops.turn($1, $2, $3)', place)
    const polled = polling.query('select cli_ops.poll($1, $2, $3, $4, 600000)', [
      ...place,
      waiter?.id,
    ])
    await vi.waitFor(async () => expect(await waitsForTurn(granting)).toBe(true), SETTLED)
    await granting.query('select cli_ops.settle($1, $2, $3)', place)
    await granting.query('commit')
    await polled
    await (await next).release()
  }, 120_000)
})

async function waitsForTurn(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_locks where locktype = 'advisory' and not granted`,
  )
  return rowCount === 1
}
