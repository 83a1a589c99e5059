import { testDriver } from '@cli-ops/shared-ipc/testing'
import { describe, test } from 'vitest'

import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'

testDriver(
  { describe, test },
  { name: 'memory', createDriver: createMemoryDriver, url: 'memory:', isolated: true },
)
