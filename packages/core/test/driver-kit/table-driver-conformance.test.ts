import { testDriver } from '@cli-ops/shared-ipc/testing'
import { describe, test } from 'vitest'

import { createTableDriver } from './table-driver.js'

// A third party's driver on an engine without messages, built only from the driver kit.
testDriver(
  { describe, test },
  { name: 'table', createDriver: createTableDriver, url: 'redis://tables.example' },
)
