import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { createFence, fencedTransaction } from '../../examples/fenced-store/fenced-transaction.mjs'
import { StaleTokenError } from '../../examples/fenced-store/stale-token-error.mjs'
import { HubServer } from './hub-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

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
const POSTGRES: Engine = {
  title: 'PostgreSQL',
  start: async () => {
    const server = await PostgresServer.start()
    return { env: { CLI_OPS_URL: server.url }, stop: () => server.stop() }
  },
}
const engines = [...(hasRedisServer() ? [REDIS] : []), ...(hasPostgres() ? [POSTGRES] : []), HUB]

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

  test.runIf(engine === POSTGRES)('so does a table of the same database', () => {
    refusesTheStale(runExample(server.env['CLI_OPS_URL'] ?? ''))
  })

  test.runIf(hasPostgres() && engine !== POSTGRES)('so does a table of PostgreSQL', async () => {
    const postgres = await PostgresServer.start()
    try {
      refusesTheStale(runExample(postgres.url))
    } finally {
      await postgres.stop()
    }
  })
})

describe.runIf(hasPostgres())('a transaction behind a fence, in the database of its lock', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  afterAll(() => server.stop())

  /** Returns a client with the fence, and what is stored. */
  async function connect() {
    const client = await server.connect()
    onTestFinished(() => client.end())
    await createFence(client)
    await client.query('create table if not exists sold (what text, day text)')
    return {
      client,
      write: (lock: Lock, what: string, between?: () => Promise<unknown>) =>
        fencedTransaction(client, lock, async () => {
          await client.query(`insert into sold values ($1, 'Monday')`, [what])
          await between?.()
          await client.query(`insert into sold values ($1, 'Tuesday')`, [what])
        }),
      stored: async () => {
        const { rows } = await client.query<{ what: string }>('select what from sold order by what')
        return rows.map(({ what }) => what)
      },
    }
  }

  /** Returns two locks from the same database: the first one was taken away, but its owner continues. */
  async function twoOwners(): Promise<readonly [Lock, Lock]> {
    const place = { url: server.url, home: tmpdir(), disabled: false }
    const locks = new LockManager(place)
    onTestFinished(() => locks.close())
    const stale = await locks.lock('report')
    await locks.forceRelease('report', stale.id)
    return [stale, await locks.lock('report')]
  }

  test('writes all or nothing, and nothing from a stale owner', async () => {
    const [stale, present] = await twoOwners()
    const { write, stored } = await connect()
    await write(stale, 'before')
    await write(present, 'present')
    await expect(write(stale, 'stale')).rejects.toThrow(StaleTokenError)
    await expect(write(present, 'half', () => Promise.reject(new Error('enough')))).rejects.toThrow(
      'enough',
    )
    expect(await stored()).toEqual(['before', 'before', 'present', 'present'])
  })

  test('follows a stale one that has already begun', async () => {
    const [stale, present] = await twoOwners()
    const [first, second] = [await connect(), await connect()]
    const { stored } = first
    await first.client.query('truncate sold')
    let writing: Promise<void> | undefined
    await first.write(stale, 'a stale one', async () => {
      writing = second.write(present, 'b present')
      const blocked = `select from pg_locks where not granted`
      await vi.waitFor(async () => {
        expect((await first.client.query(blocked)).rowCount).toBe(1)
      }, 60_000)
      expect(await stored()).toEqual(['a stale one'])
    })
    await writing
    expect(await stored()).toEqual(['a stale one', 'a stale one', 'b present', 'b present'])
    await expect(first.write(stale, 'late')).rejects.toThrow(StaleTokenError)
  })
})
