// The promises of the driver contract, kept by the local driver.
import { describe, test } from 'node:test'

import { createLocalDriver } from '../../../packages/core/src/drivers/local/local-driver.js'
import { testDriver } from '../../../packages/core/src/testing/index.js'

testDriver(
  { describe, test },
  { name: 'local', createDriver: createLocalDriver, url: 'local:', timeoutMs: 60_000 },
)
