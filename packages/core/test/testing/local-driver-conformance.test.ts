import { testDriver } from '@cli-ops/shared-ipc/testing'
import { describe, test } from 'vitest'

import { createLocalDriver } from '../../src/drivers/local/local-driver.js'

testDriver({ describe, test }, { name: 'local', createDriver: createLocalDriver, url: 'local:' })
