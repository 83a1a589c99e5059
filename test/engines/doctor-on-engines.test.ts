import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { CliOpsUser } from '../../packages/cli/test/fixtures/cli-ops-user.js'
import { root } from '../../scripts/workspaces.mjs'
import { HubServer } from './hub-server.js'
import { hasNats, NatsServer } from './nats-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { sayTo } from './redis-replication.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warning' | 'failure'
  readonly message: string
  readonly remedy?: string
}

/** What `doctor` finds wrong as the user of a URL, and whether it says so by its exit code. */
async function doctorOn(env: Readonly<Record<string, string>>) {
  const user = new CliOpsUser({ CLI_OPS_NAMESPACE: 'team', CLI_OPS_LEASE_MS: '1000', ...env })
  const { status, stdout, stderr } = await user.run('doctor', '--json')
  expect(stderr).toBe('')
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
  const wrong = findings.filter((finding) => finding.status !== 'ok')
  for (const { remedy, message } of wrong) if (remedy === '') throw new Error(message)
  const fitness = findings.filter(({ check }) => check === 'fitness')
  return { status, fitness, wrong: wrong.map(({ message }) => message).join('\n') }
}

const FIT =
  'this user can take a lock and pass it on, emit an event and read it, register and be found, send a request and get the answer'

describe.runIf(hasRedisServer())('doctor on Redis', () => {
  let server: RedisServer
  let rules: readonly string[]
  let url: string
  beforeAll(async () => {
    server = await RedisServer.start()
    const guide = readFileSync(join(root, 'docs/guides/redis.md'), 'utf8')
    const [, rule = ''] =
      /^user cli-ops on >secret (.*)$/mu.exec(guide.replaceAll(/\\\n\s*/gu, '')) ?? []
    rules = rule.split(' ')
    url = `redis://cli-ops:secret@127.0.0.1:${server.port}`
  })
  afterAll(() => server.stop())

  const allow = (...changes: readonly string[]) =>
    sayTo(server.port, 'ACL', 'SETUSER', 'cli-ops', 'reset', 'on', '>secret', ...rules, ...changes)

  test('the rights of the guide are enough', async () => {
    await allow()
    const { status, fitness, wrong } = await doctorOn({ CLI_OPS_URL: url })
    expect(wrong).toBe('')
    expect(fitness).toMatchObject([{ status: 'ok', message: FIT }])
    expect(status).toBe(0)
  })

  test.each([
    ['-publish', 'may not call PUBLISH on', 'cannot send a request and get the answer'],
    ['-subscribe', 'may not call SUBSCRIBE on', 'cannot send a request and get the answer'],
    ['-time', "can't run this command"],
    ['-info', 'may not ask the server what it is (INFO)'],
    ['-@hash', 'may not call HDEL, HEXISTS', 'cannot take a lock'],
    ['-@set', 'may not call SADD, SMEMBERS, SREM on'],
    ['-@sortedset', 'may not call ZADD', 'cannot take a lock'],
    ['-@stream', 'may not call XADD, XDEL, XRANGE on', 'cannot emit an event'],
    ['-@string', 'may not call GET, SET on', 'cannot take a lock'],
    ['-del', 'may not call DEL on', 'cannot take a lock'],
    ['-exists', "no permissions to run the 'exists' command"],
    ['-pexpire', 'may not call PEXPIRE on', 'cannot take a lock'],
    ['-eval', 'may not run scripts', "no permissions to run the 'eval' command"],
    ['resetchannels', 'may not call PUBLISH, SUBSCRIBE on', 'cannot register and be found'],
    ['resetkeys', 'no permissions to access one of the keys'],
  ])('a user that lacks one is told what it cannot do: %s', async (change, ...messages) => {
    await allow(change)
    const { wrong } = await doctorOn({ CLI_OPS_URL: url })
    for (const message of messages) expect(wrong).toContain(message)
  })

  test('an engine that is away is said once', async () => {
    const { status, wrong } = await doctorOn({ CLI_OPS_URL: 'redis://127.0.0.1:1' })
    expect(wrong).toMatch(/^cannot use redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*$/u)
    expect(status).toBe(1)
  })
})

describe.runIf(hasPostgres())('doctor on PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
    const guide = readFileSync(join(root, 'docs/guides/postgres.md'), 'utf8')
    const [, rights = ''] = /```sql\n(create role builder login;.*?)```/su.exec(guide) ?? []
    // Whoever comes first makes the schema.
    const locks = new LockManager({ url: server.url, home: tmpdir(), disabled: false })
    await locks.list().finally(() => locks.close())
    await sql(rights)
  })
  afterAll(() => server.stop())

  async function sql(text: string): Promise<void> {
    const client = await server.connect()
    await client.query(text).finally(() => client.end())
  }

  test('the rights of the guide are enough', async () => {
    const { status, fitness } = await doctorOn({ CLI_OPS_URL: asBuilder() })
    expect(fitness).toMatchObject([{ status: 'ok', message: FIT }])
    expect(status).toBe(0)
  })

  test.each([
    ['delete', 'cli_ops.claim', 'cannot take a lock and pass it on'],
    ['insert', 'cli_ops.event', 'cannot emit an event and read it'],
    ['select', 'cli_ops.event', 'cannot emit an event and read it'],
  ])('a user without %s on %s is told so', async (right, table, message) => {
    await sql(`revoke ${right} on ${table} from builder`)
    onTestFinished(() => sql(`grant ${right} on ${table} to builder`))
    const { status, wrong } = await doctorOn({ CLI_OPS_URL: asBuilder() })
    expect(wrong).toContain(message)
    expect(wrong).toContain('permission denied for table')
    expect(status).toBe(1)
  })

  test('a server that may lose what it has acknowledged is unfit', async () => {
    const careless = await PostgresServer.start({ settings: ['fsync=off'] })
    onTestFinished(() => careless.stop())
    const { status, wrong } = await doctorOn({ CLI_OPS_URL: careless.url })
    expect(wrong).toMatch(/^the server runs with fsync = off: /u)
    expect(status).toBe(0)
  })

  function asBuilder(): string {
    return Object.assign(new URL(server.url), { username: 'builder' }).href
  }
})

describe.runIf(hasNats())('doctor on NATS', () => {
  async function start(permissions: string): Promise<string> {
    const config = `authorization { users = [{ user: builder, password: secret, ${permissions} }] }`
    const server = await NatsServer.start({ config, user: 'builder:secret@' })
    onTestFinished(() => server.stop())
    return server.url
  }

  test('the permissions of the guide are enough, also for a store that was made a moment ago', async () => {
    const guide = readFileSync(join(root, 'docs/guides/nats.md'), 'utf8')
    const [, permissions = ''] = /```\n(permissions \{.*?)```/su.exec(guide) ?? []
    const { status, fitness } = await doctorOn({ CLI_OPS_URL: await start(permissions) })
    expect(fitness).toMatchObject([{ status: 'ok', message: FIT }])
    expect(status).toBe(0)
  })

  test('a user who may not publish events is told so', async () => {
    const url = await start('permissions: { publish: { deny: "cli_ops.e.>" } }')
    const { status, wrong } = await doctorOn({ CLI_OPS_URL: url })
    expect(wrong).toContain('cannot emit an event and read it')
    expect(wrong).toContain('no permission for publish on cli_ops.e.')
    expect(status).toBe(1)
  })
})

test('doctor on a hub tries the same', async () => {
  const server = await HubServer.start([])
  onTestFinished(() => server.stop())
  const { status, fitness } = await doctorOn({
    CLI_OPS_URL: server.url,
    CLI_OPS_TOKEN: server.secret,
  })
  expect(fitness).toMatchObject([{ status: 'ok', message: FIT }])
  expect(status).toBe(0)
})
