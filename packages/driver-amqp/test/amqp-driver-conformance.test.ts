import { createDriver } from '@cli-ops/driver-amqp'
import { testDriver } from '@cli-ops/shared-ipc/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { hasRabbitServer, RabbitServer } from '../../../test/engines/rabbitmq-server.js'

describe.runIf(hasRabbitServer())('on a private server', () => {
  let server: RabbitServer
  beforeAll(async () => {
    server = await RabbitServer.start()
  })
  afterAll(() => server.stop())

  testDriver(
    { describe, test },
    {
      name: 'amqp',
      createDriver,
      url: () => server.url,
      // A killed broker takes some seconds to start.
      timeoutMs: 20_000,
      faults: {
        pause: () => server.faults.pause(),
        kill: () => server.faults.kill(),
        openLink: () => server.faults.openLink(),
      },
    },
  )
})
