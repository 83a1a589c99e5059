import { testDriver } from '@cli-ops/shared-ipc/testing'
import { createDriver } from '@cli-ops/driver-redis'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { redisStages } from '../../../test/engines/redis-stages.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

/** Some cases start servers and wait for leases to end. */
const CASE_MS = 30_000

describe.runIf(hasRedisServer())('on a private server', { timeout: 2 * CASE_MS }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  testDriver(
    { describe, test },
    {
      name: 'redis',
      createDriver,
      url: () => server.url,
      timeoutMs: CASE_MS,
      faults: {
        pause: () => server.faults.pause(),
        kill: () => server.faults.kill(),
        openLink: () => server.faults.openLink(),
        ...redisStages,
      },
    },
  )
})
