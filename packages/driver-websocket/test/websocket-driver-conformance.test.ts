import { createDriver } from '@cli-ops/driver-websocket'
import { hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { testDriver } from '@cli-ops/shared-ipc/testing'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'

import { HubProcess } from './hub-process.js'

const SECRET = 'the secret of the conformance suite'.replaceAll(' ', '-')
const keys = [
  { name: 'suite', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]

let hub: HubProcess
beforeAll(async () => {
  vi.stubEnv('CLI_OPS_TOKEN', SECRET)
  hub = await HubProcess.start({ keys })
})
afterAll(async () => {
  await hub.stop()
  vi.unstubAllEnvs()
})

testDriver(
  { describe, test },
  {
    name: 'websocket',
    createDriver,
    url: () => hub.url,
    faults: {
      pause: () => hub.faults.pause(),
      kill: () => hub.faults.kill(),
      openLink: () => hub.faults.openLink(),
    },
  },
)
