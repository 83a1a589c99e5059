import { afterEach, describe, vi } from 'vitest'

import { HubServer } from '../engines/hub-server.js'
import { historyStorms } from './history-storms.js'
import { leaseStorms } from './lease-storms.js'
import { persistentRestartStorms } from './restart-storms.js'
import { settleStorms } from './settle-storms.js'
import { LEASE_MS, type StormEngine } from './storm-engine.js'

const hub: StormEngine = {
  name: 'Hub',
  start: async () => {
    // After a crash it keeps locks for their owners for that long.
    const server = await HubServer.start(['--lease', `${LEASE_MS}ms`])
    vi.stubEnv('CLI_OPS_TOKEN', server.secret)
    return server
  },
}

describe('the hub', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  leaseStorms(hub)
  settleStorms(hub)
  historyStorms(hub)
  persistentRestartStorms(hub)
})
