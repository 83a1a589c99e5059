import { afterEach, describe, vi } from 'vitest'

import { HubServer } from '../engines/hub-server.js'
import { historyStorms } from './history-storms.js'
import { leaseStorms } from './lease-storms.js'
import { persistentRestartStorms } from './restart-storms.js'
import { SESSION_LEASE_MS, sessionStorms } from './session-storms.js'
import { settleStorms } from './settle-storms.js'
import { LEASE_MS, type StormEngine } from './storm-engine.js'

/** Starts a hub with leases of that length: after a crash it keeps locks for their owners for that long. */
async function startHub(leaseMs: number) {
  const server = await HubServer.start(['--lease', `${leaseMs}ms`])
  vi.stubEnv('CLI_OPS_TOKEN', server.secret)
  return server
}

const hub: StormEngine = { name: 'Hub', start: () => startHub(LEASE_MS) }
const patientHub = { name: 'Hub', start: () => startHub(SESSION_LEASE_MS) }

describe('the hub', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })
  leaseStorms(hub)
  settleStorms(hub)
  historyStorms(hub)
  persistentRestartStorms(hub)
  sessionStorms(patientHub)
})
