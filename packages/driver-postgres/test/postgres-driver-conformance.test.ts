import { testDriver } from '@cli-ops/shared-ipc/testing'
import { createDriver } from '@cli-ops/driver-postgres'
import { afterAll, beforeAll, describe, test } from 'vitest'

import { hasPostgres, PostgresServer } from '../../../test/engines/postgres-server.js'

describe.runIf(hasPostgres())('on a private server', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await PostgresServer.start()
  })
  afterAll(() => server.stop())

  testDriver(
    { describe, test },
    {
      name: 'postgres',
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
