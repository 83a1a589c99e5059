import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'
import { useEverything } from './use-everything.js'

const PASSWORD = '100%/of:it'
interface Place {
  readonly url: string
  readonly namespace: string
  readonly home: string
  readonly disabled: false
}

const SETTLED = { timeout: 60_000, interval: 50 }
/** What a schema on a role's path can contain: functions that shadow the server's own. */
const IMPOSTORS = `
create schema impostors;
create function impostors.trip() returns text language plpgsql as $$ begin raise exception 'an impostor was called'; end $$;
create function impostors.concat(text, text, text, text, text) returns text language sql as 'select impostors.trip()';
create function impostors.pg_backend_pid() returns int language sql as 'select impostors.trip()::int';
create function impostors.set_config(text, text, boolean) returns text language sql as 'select impostors.trip()';
create function impostors.current_setting(text) returns text language sql as 'select impostors.trip()';
create function impostors.clock_timestamp() returns timestamptz language sql as 'select impostors.trip()::timestamptz';
create function impostors.equals(text, text) returns boolean language sql as 'select impostors.trip() is null';
create operator impostors.= (leftarg = text, rightarg = text, function = impostors.equals);
grant usage on schema impostors to public;`

describe.runIf(hasPostgres())('a role with its own settings', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ auth: 'scram-sha-256', password: PASSWORD })
    await useEverything(server.url)
    await sql(IMPOSTORS)
  })
  afterAll(() => server.stop())
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  async function sql(text: string) {
    const client = await server.connect()
    return client.query<{ pid: number }>(text).finally(() => client.end())
  }

  /** Creates a role with the guide's rights, and returns where it connects. */
  async function makeRole(...settings: readonly string[]): Promise<Place> {
    const role = `role_${randomUUID().slice(0, 8)}`
    await sql(`create role ${role} login password '${PASSWORD}';
      grant usage on schema cli_ops to ${role};
      grant select, insert, update, delete on all tables in schema cli_ops to ${role};
      grant usage on all sequences in schema cli_ops to ${role}`)
    for (const setting of settings) await sql(`alter role ${role} ${setting}`)
    const { href: url } = Object.assign(new URL(server.url), { username: role })
    return { url, namespace: randomUUID(), home: tmpdir(), disabled: false }
  }

  const everything = ({ url, namespace }: Place) => useEverything(url, namespace)

  test('a limit for waits and idle sessions changes nothing', async () => {
    const options = await makeRole(
      `set lock_timeout = '1ms'`,
      `set idle_in_transaction_session_timeout = '1ms'`,
      `set idle_session_timeout = '200ms'`,
    )
    await everything(options)
    await using events = new EventBus(options)
    await events.emit('a:b', 1)
    const [{ pid } = { pid: 0 }] = await sessionsOf(options)
    // Idle for longer than the limit.
    await vi.waitFor(async () => {
      const { rowCount } = await sql(
        `select from pg_stat_activity where pid = ${pid} and now() - state_change > interval '400 ms'`,
      )
      expect(await sessionsOf(options)).toEqual([{ pid }])
      expect(rowCount).toBe(1)
    }, SETTLED)

    const other = await server.connect()
    await other.query(`begin; select from cli_ops.log where space like '%' for update`)
    const emitting = events.emit('a:b', 2)
    await vi.waitFor(async () => {
      const { rowCount } = await sql(`select from pg_locks where pid = ${pid} and not granted`)
      expect(rowCount).toBe(1)
    }, SETTLED)
    await other.query('commit')
    await other.end()
    await emitting
  })

  test('a path that leads elsewhere changes nothing', async () => {
    await everything(await makeRole('set search_path = impostors, pg_catalog'))
  })

  test('other formats of dates, numbers and text change nothing', async () => {
    await everything(
      await makeRole(
        `set datestyle = 'German, DMY'`,
        `set timezone = 'Asia/Kathmandu'`,
        `set intervalstyle = 'sql_standard'`,
        `set client_encoding = 'LATIN1'`,
        `set standard_conforming_strings = off`,
        `set default_transaction_isolation = 'serializable'`,
      ),
    )
  })

  test('read-only transactions are refused by name', async () => {
    const options = await makeRole('set default_transaction_read_only = on')
    await using locks = new LockManager(options)
    await expect(locks.list()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('default_transaction_read_only') as unknown,
    })
  })

  test('transactions that become read-only are refused by name for as long as that lasts', async () => {
    const options = await makeRole()
    await using locks = new LockManager(options)
    await locks.acquire('db', () => undefined)
    const readOnly = (value: 'on' | 'off') =>
      sql(
        `set default_transaction_read_only = off; alter role ${roleOf(options)} set default_transaction_read_only = ${value}`,
      )
    await readOnly('on')
    await sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${roleOf(options)}'`,
    )
    await vi.waitFor(async () => {
      await expect(locks.tryLock('db')).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringContaining('default_transaction_read_only') as unknown,
      })
    }, SETTLED)
    await readOnly('off')
    await locks.acquire('db', () => undefined)
  })

  test('a connection limit is named, and a wait continues without the second connection', async () => {
    const options = await makeRole('connection limit 2')
    // Equal options would share one driver.
    const places = [20_000, 20_001, 20_002].map((leaseMs) => ({ ...options, leaseMs }))
    const [one, other, third] = places.map((each) => new LockManager(each))
    if (one === undefined || other === undefined || third === undefined) throw new Error()
    const lock = await one.lock('db')
    const next = other.acquire('db', () => 'next')
    await expect.poll(async () => (await one.inspect('db'))?.waiters).toHaveLength(1)
    await expect(third.list()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(
        /too many connections for role .*CONNECTION LIMIT/u,
      ) as unknown,
    })
    await lock.release()
    expect(await next).toBe('next')
    await Promise.all([one.close(), other.close()])
    await vi.waitFor(() => third.list(), SETTLED)
    await third.close()
  })

  test('a password with a percent sign is read verbatim from a variable, and encoded from a URL', async () => {
    const options = await makeRole()
    await everything(options)
    const bare = new URL(options.url)
    bare.password = ''
    vi.stubEnv('CLI_OPS_POSTGRES_PASSWORD', PASSWORD)
    await everything({ ...options, url: bare.href })
    const raw = options.url.replace('%25', '%')
    expect(() => new LockManager({ ...options, url: raw })).toThrow(/write "%" as %25/u)
  })

  test('a database in SQL_ASCII is refused by name', async () => {
    await sql(`create database ascii encoding 'SQL_ASCII' template template0`)
    const { href: url } = Object.assign(new URL(server.url), { pathname: '/ascii' })
    await using locks = new LockManager({ url, home: tmpdir(), disabled: false })
    await expect(locks.list()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('SQL_ASCII') as unknown,
    })
  })

  async function sessionsOf(options: Place) {
    const { rows } = await sql(
      `select pid from pg_stat_activity where usename = '${roleOf(options)}'`,
    )
    return rows
  }
})

describe.runIf(hasPostgres())('a full server', () => {
  test('is named, and works again once there is room', async () => {
    const server = await PostgresServer.start({
      settings: ['max_connections=5', 'superuser_reserved_connections=0'],
    })
    try {
      const options = { url: server.url, home: tmpdir(), disabled: false, namespace: randomUUID() }
      await using locks = new LockManager(options)
      const others = await Promise.all(Array.from({ length: 5 }, () => server.connect()))
      await expect(locks.tryLock('db')).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/too many clients already.*max_connections/u) as unknown,
      })
      await Promise.all(others.map((client) => client.end()))
      await vi.waitFor(() => locks.acquire('db', () => undefined), SETTLED)
    } finally {
      await server.stop()
    }
  })
})

function roleOf({ url }: Place): string {
  return new URL(url).username
}
