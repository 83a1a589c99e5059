import { tmpdir } from 'node:os'

import { LockManager } from '@cli-ops/shared-ipc'
import { testDriver } from '@cli-ops/shared-ipc/testing'
import { createDriver } from '@cli-ops/driver-nats'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { hasNats, NatsServer } from '../../../test/engines/nats-server.js'
import { natsStages } from '../../../test/engines/nats-stages.js'

/** Some cases start servers, and wait for the ends of leases. */
const CASE_MS = 30_000

describe.runIf(hasNats())('on a server of its own', { timeout: 2 * CASE_MS }, () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await NatsServer.start()
    // A new store lets nobody in for one lease.
    await using locks = new LockManager({ url: server.url, home: tmpdir(), disabled: false })
    await locks.acquire('first', () => undefined)
  })
  afterAll(() => server.stop())

  testDriver(
    { describe, test },
    {
      name: 'nats',
      createDriver,
      url: () => server.url,
      timeoutMs: CASE_MS,
      except: {
        'stores durably on request':
          'one server does not sync what it acknowledges, so that durable is refused; see cluster.test.ts',
      },
      faults: {
        pause: () => server.faults.pause(),
        kill: () => server.faults.kill(),
        openLink: () => server.faults.openLink(),
        ...natsStages,
      },
    },
  )
})
