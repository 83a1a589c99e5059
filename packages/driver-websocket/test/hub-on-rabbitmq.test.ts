import { createHub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { hasRabbitServer, RabbitServer } from '../../../test/engines/rabbitmq-server.js'
import { temporaryHome } from '../../core/test/fixtures/temporary-home.js'

const SECRET = 'secret-of-the-rabbitmq-tests'
const keys = [{ name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit'] as const }]
const SETTLED = { timeout: 60_000, interval: 20 }

describe.runIf(hasRabbitServer())('a hub on RabbitMQ', () => {
  let server: RabbitServer
  beforeAll(async () => {
    server = await RabbitServer.start()
  })
  afterAll(() => server.stop())

  /** Starts a hub on the broker; 0 for any free port. */
  async function startHub(port = 0) {
    const hub = await createHub({ keys, port, store: { url: server.url } })
    onTestFinished(() => hub.close())
    return hub
  }

  test('lets its clients read along, even after another hub has replaced it', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv('CLI_OPS_TOKEN', SECRET)
    vi.stubEnv('CLI_OPS_ENGINE_TIMEOUT_MS', '30000')
    const hub = await startHub()
    const { url } = hub
    const open = (name: string) => createCoordinator({ name, url, home: temporaryHome() })
    await using alpha = open('alpha')
    await using beta = open('beta')
    const heard: unknown[] = []
    const subscription = beta.events.on('n', (number) => {
      heard.push(number)
    })
    await subscription.ready
    for (let number = 0; number < 5; number += 1) await alpha.events.emit('n', number)
    await vi.waitFor(() => {
      expect(heard).toHaveLength(5)
    }, SETTLED)

    await hub.close()
    await startHub(Number(new URL(url).port))
    await vi.waitFor(() => alpha.events.emit('n', 5), SETTLED)
    await vi.waitFor(() => {
      expect(heard).toContain(5)
    }, SETTLED)
    expect(heard.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5])
  })
})
