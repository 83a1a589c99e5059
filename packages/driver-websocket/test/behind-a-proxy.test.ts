import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

import { createHub, type Hub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { randomId } from '@cli-ops/shared-ipc/driver'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { freePort } from '../../../test/engines/free-port.js'
import { newRequest, openAt, take } from './drivers.js'
import { isInstalled, PROXIES, ReverseProxy } from './reverse-proxy.js'

const SECRET = 'secret-of-the-proxy-tests'
const LEASE_MS = 6_000
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]

for (const kind of PROXIES) {
  const isThere = isInstalled(kind)
  const why = isThere ? '' : `, which is not installed (apt-get install ${kind.name})`
  describe.runIf(isThere)(
    `a hub with a path behind ${kind.name} as the guide sets it up${why}`,
    () => {
      const home = mkdtempSync(`${tmpdir()}/cli-ops-hub-`)
      let hubPort: number
      let proxy: ReverseProxy
      let hub: Hub
      const startHub = () =>
        createHub({ keys, port: hubPort, path: '/ops', store: { home }, leaseMs: LEASE_MS })
      beforeAll(async () => {
        hubPort = await freePort()
        proxy = await ReverseProxy.start(kind, hubPort)
      })
      afterEach(async () => {
        await hub.close()
      })
      afterAll(async () => {
        await proxy.stop()
        rmSync(home, { recursive: true, force: true })
      })

      test('serves its clients, and keeps their locks across its restart', async () => {
        hub = await startHub()
        const url = `ws://127.0.0.1:${proxy.port}/ops`
        const one = await openAt(url, { token: SECRET, leaseMs: LEASE_MS })
        const other = await openAt(url, { token: SECRET, leaseMs: LEASE_MS })
        const db = randomId()
        const grant = await take(one.locks, db)
        let isLost = false
        grant.onLost(() => (isLost = true))
        const { signal } = new AbortController()
        const waiting = other.locks.acquire(newRequest(db), { signal })
        await hub.close()
        hub = await startHub()
        const endOf = () => Date.now() + (grant.remainingMs ?? 0)
        const before = endOf()
        await vi.waitFor(() => expect(endOf()).toBeGreaterThan(before + LEASE_MS / 10), 20_000)
        expect(isLost).toBe(false)
        await grant.release()
        const next = await waiting
        expect(next.token).toBeGreaterThan(grant.token)
        await one.close()
        await other.close()
      }, 40_000)

      test('shows its health to all clients, and its metrics only to those with an access key', async () => {
        hub = await startHub()
        const at = (path: string, headers = {}) =>
          fetch(`http://127.0.0.1:${proxy.port}${path}`, { headers })
        expect((await at('/ops/healthz')).status).toBe(200)
        expect((await at('/ops/metrics')).status).toBe(401)
        const withKey = await at('/ops/metrics', { authorization: `Bearer ${SECRET}` })
        expect(await withKey.text()).toContain('cli_ops_hub_store_up 1\n')
        await expect(
          openAt(`ws://127.0.0.1:${proxy.port}/ops`, { token: 'wrong' }),
        ).rejects.toThrow(/does not accept the access key/u)
      }, 40_000)
    },
  )
}
