import { afterEach, describe, vi } from 'vitest'

import { HubServer } from '../engines/hub-server.js'
import { leaseStorms } from './lease-storms.js'
import { persistentRestartStorms } from './restart-storms.js'
import type { StormEngine } from './storm-engine.js'

const hub: StormEngine = {
  name: 'Hub',
  start: async () => {
    const server = await HubServer.start()
    vi.stubEnv('CLI_OPS_TOKEN', server.secret)
    return server
  },
}

describe('the hub', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  leaseStorms(hub)
  persistentRestartStorms(hub)
})
