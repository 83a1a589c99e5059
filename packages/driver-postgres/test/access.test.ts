import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { freePort } from '../../../test/engines/free-port.js'
import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'
import { useEverything } from './use-everything.js'

const PASSWORD = 'p/w:secret'
const GUIDE = readFileSync(join(root, 'docs/guides/postgres.md'), 'utf8')
/** The rights that the guide says a user needs. */
const RIGHTS = /```sql\n(create role builder login;.*?)```/su.exec(GUIDE)?.[1] ?? ''

describe.runIf(hasPostgres())('a server that requires credentials', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start({ auth: 'scram-sha-256', password: PASSWORD })
  })
  afterAll(() => server.stop())

  /** Returns the URL with another user, password, database or server. */
  function urlWith(
    changes: Partial<Pick<URL, 'username' | 'password' | 'pathname' | 'port'>>,
  ): string {
    return Object.assign(new URL(server.url), changes).href
  }

  async function errorAt(url: string): Promise<unknown> {
    const locks = new LockManager({ url, home: tmpdir(), disabled: false })
    return locks
      .list()
      .then(
        () => 'no error',
        (error: unknown) => error,
      )
      .finally(() => locks.close())
  }

  async function sql(text: string): Promise<void> {
    const client = await server.connect()
    await client.query(text).finally(() => client.end())
  }

  test('lets a user with the guide’s rights do everything, and no user with fewer', async () => {
    await useEverything(server.url)
    expect(RIGHTS).toContain('grant')
    await sql(
      `${RIGHTS}; alter role builder password '${PASSWORD}'; create role stranger login password '${PASSWORD}'`,
    )
    await useEverything(urlWith({ username: 'builder' }), 'of a builder')
    expect(await errorAt(urlWith({ username: 'stranger' }))).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('permission denied for schema cli_ops') as unknown,
    })
    await sql('revoke delete on cli_ops.claim from builder')
    expect(await errorAt(urlWith({ username: 'builder' }))).toBe('no error')
    const locks = new LockManager({
      url: urlWith({ username: 'builder' }),
      home: tmpdir(),
      disabled: false,
    })
    await expect(locks.tryLock('db')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('permission denied for table claim') as unknown,
    })
    await locks.close()
  })

  test('says so if the schema cannot be created', async () => {
    await sql('create database bare')
    await sql(`create role poor login password '${PASSWORD}'`)
    expect(await errorAt(urlWith({ username: 'poor', pathname: '/bare' }))).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('permission denied for database bare') as unknown,
    })
  })

  test('creates the schema once, however many processes start together', async () => {
    await sql('create database fresh')
    const url = urlWith({ pathname: '/fresh' })
    await Promise.all(['a', 'b', 'c', 'd'].map((namespace) => useEverything(url, namespace)))
  })

  test('refuses a wrong password with an error without it', async () => {
    const error = await errorAt(urlWith({ password: 'wrong-secret' }))
    expect(error).toMatchObject({ code: 'FORBIDDEN' })
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('secret')
    expect(await errorAt(urlWith({ password: '' }))).toMatchObject({ code: 'FORBIDDEN' })
  })

  test('names a missing database, and a server that is down', async () => {
    expect(await errorAt(urlWith({ pathname: '/nowhere' }))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('database "nowhere" does not exist') as unknown,
    })
    expect(await errorAt(urlWith({ port: String(await freePort()) }))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    })
  })

  test('a group that failed to begin is free once the failure is reported', async () => {
    const port = String(await freePort())
    await using events = new EventBus({ url: urlWith({ port }), home: tmpdir(), disabled: false })
    const reasons: unknown[] = []
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const subscription = events.on('a:b', () => undefined, { group: 'g' })
      // The process that takes the group over learns of it; no supervisor does.
      subscription.closed.catch(() => undefined)
      try {
        await subscription.ready
        expect.unreachable()
      } catch (error) {
        reasons.push(error)
      }
    }
    expect(reasons).toMatchObject([{ code: 'ENGINE_UNAVAILABLE' }, { code: 'ENGINE_UNAVAILABLE' }])
  })

  test('refuses unsupported parameters, and a database that is not in UTF8', async () => {
    expect(await errorAt(`${server.url}?sslmode=prefer`)).toMatchObject({
      message: expect.stringContaining('sslmode must be one of') as unknown,
    })
    expect(await errorAt(`${server.url}?schema=x`)).toMatchObject({
      message: expect.stringContaining('got "schema"') as unknown,
    })
    expect(await errorAt(`${server.url}?sslmode=require`)).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('has no TLS') as unknown,
    })
    await sql(`create database latin encoding 'LATIN1' template template0`)
    expect(await errorAt(urlWith({ pathname: '/latin' }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('LATIN1') as unknown,
    })
  })

  test('refuses a schema of a later version', async () => {
    await sql('create database later')
    const url = urlWith({ pathname: '/later' })
    await useEverything(url)
    const later = new (await import('pg')).Client({ connectionString: url })
    await later.connect()
    await later.query('update cli_ops.meta set version = 1000')
    await later.end()
    expect(await errorAt(url)).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('version 1000') as unknown,
    })
  })
})

describe.runIf(hasPostgres())('a server without fsync', () => {
  test('refuses durable events by name, and accepts others', async () => {
    await using server = await disposable(PostgresServer.start({ settings: ['fsync=off'] }))
    const place = { url: server.url, home: tmpdir(), disabled: false }
    await using durable = new EventBus({ ...place, durable: true })
    await expect(durable.emit('a:b', 1)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('fsync = off') as unknown,
    })
    await using usual = new EventBus(place)
    await usual.emit('a:b', 1)
  })
})

async function disposable(starting: Promise<PostgresServer>) {
  const server = await starting
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() }
}
