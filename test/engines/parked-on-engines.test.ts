import { EventBus } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { CliOpsUser } from '../../packages/cli/test/fixtures/cli-ops-user.js'
import { RunningDashboard } from '../../packages/cli/test/fixtures/running-dashboard.js'
import { HubServer } from './hub-server.js'
import { hasNats, NatsServer } from './nats-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { hasRabbitServer, RabbitServer } from './rabbitmq-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

interface Engine {
  readonly url: string
  /** Of a hub. */
  readonly secret?: string
  stop(): Promise<unknown>
}

const ENGINES: readonly (readonly [string, boolean, () => Promise<Engine>])[] = [
  ['Redis', hasRedisServer(), () => RedisServer.start()],
  ['PostgreSQL', hasPostgres(), () => PostgresServer.start()],
  ['NATS', hasNats(), () => NatsServer.start()],
  ['a hub', true, () => HubServer.start()],
]

let groups = 0

/** A person, a group whose consumer has given up two events, and a consumer that handles what it gets. */
async function staged({ url, secret }: Engine) {
  vi.stubEnv('CLI_OPS_TOKEN', secret)
  onTestFinished(() => void vi.unstubAllEnvs())
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const namespace = `parked-${(groups += 1)}`
  const user = new CliOpsUser({ CLI_OPS_URL: url, CLI_OPS_NAMESPACE: namespace })
  const bus = new EventBus({ url, namespace, home: user.home })
  onTestFinished(() => bus.close({ drainMs: 0 }))
  const failing = bus.on('job', () => Promise.reject(new Error('no such mailbox')), {
    group: 'mail',
    maxAttempts: 1,
  })
  await failing.ready
  const ids: string[] = []
  for (const n of [1, 2]) ids.push((await bus.emit('job', n)).id)
  return { user, bus, failing, ids: ids as [string, string] }
}

describe.each(ENGINES.filter(([, isThere]) => isThere))(
  'parked events on %s',
  (_name, _isThere, start) => {
    let engine: Engine
    beforeAll(async () => {
      engine = await start()
    })
    afterAll(() => engine.stop())

    test('are shown wherever a person looks, retried and dropped', async () => {
      const { user, bus, failing, ids } = await staged(engine)
      const parked = [{ group: 'mail', count: 2 }]
      await expect.poll(() => bus.parkedGroups(), { timeout: 60_000 }).toEqual(parked)
      const warning = 'group "mail" has 2 parked events'
      expect(await user.json('status')).toMatchObject({ parked, warnings: [warning] })
      expect((await user.run('status')).stdout).toContain(warning)
      expect(await user.json('top', '--once')).toMatchObject({
        parked,
        warnings: [{ text: warning }],
      })
      expect((await user.run('doctor')).stdout).toContain(`parked events: ${warning}`)
      const dashboard = await RunningDashboard.start(user)
      const { body } = await dashboard.ask('/api/snapshot', { headers: dashboard.authorization })
      expect(JSON.parse(body)).toMatchObject({ parked, warnings: [{ text: warning }] })

      const listed = (await user.run('events', 'parked', '--json')).stdout.trim().split('\n')
      expect(listed.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { group: 'mail', event: { id: ids[0], data: 1 }, attempts: 1, error: 'no such mailbox' },
        { group: 'mail', event: { id: ids[1], data: 2 }, attempts: 1, error: 'no such mailbox' },
      ])

      failing.unsubscribe()
      await failing.closed
      expect((await user.run('events', 'drop', 'mail', '--id', ids[0])).status).toBe(0)
      expect((await user.run('events', 'drop', 'mail', '--id', ids[0])).status).toBe(1)
      expect((await user.run('events', 'retry', 'mail')).status).toBe(0)
      const seen: unknown[] = []
      bus.on('job', (n) => seen.push(n), { group: 'mail' })
      await expect.poll(() => seen, { timeout: 60_000 }).toEqual([2])
      await expect
        .poll(async () => (await user.run('events', 'parked')).stdout, { timeout: 60_000 })
        .toBe('No event is parked.\n')
    })
  },
)

test.runIf(hasRabbitServer())('on RabbitMQ, which parks none, each command says so', async () => {
  const server = await RabbitServer.start()
  onTestFinished(() => server.stop())
  const user = new CliOpsUser({ CLI_OPS_URL: server.url })
  for (const command of [['parked'], ['retry', 'mail'], ['drop', 'mail', '--id', 'x']]) {
    const { status, stderr } = await user.run('events', ...command)
    expect(stderr).toContain('groups cannot park events on the amqp driver')
    expect(status).toBe(1)
  }
  expect(await user.json('status')).toMatchObject({ parked: [] })
})
