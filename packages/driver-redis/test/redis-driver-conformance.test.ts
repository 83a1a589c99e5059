import { testDriver } from '@cli-ops/shared-ipc/testing'
import { createDriver } from '@cli-ops/driver-redis'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

describe.runIf(hasRedisServer())('on a server of its own', () => {
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
      faults: {
        pause: () => server.faults.pause(),
        kill: () => server.faults.kill(),
        openLink: () => server.faults.openLink(),
      },
    },
  )
})
