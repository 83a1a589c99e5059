import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

import { createHub, type Hub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { randomId } from '@cli-ops/shared-ipc/driver'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { newRequest, openAt, take } from './drivers.js'
import { RawClient } from './raw-client.js'

const SECRET = 'secret-of-the-monitoring-tests'
const READER = 'secret-of-prometheus'
const LOCKER = 'secret-of-one-who-may-not-read'
const SHOP = 'secret-of-one-namespace'
const LINE =
  /^cli_ops_hub_(\w+)(?:\{(\w+="[^"\\\n]*"(?:,\w+="[^"\\\n]*")*)\})? (\d+(?:\.\d+)?(?:e-?\d+)?)$/u

/** Parses Prometheus's text format, as far as the hub uses it; throws if the text is invalid. */
function parseMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>()
  const families = new Map<string, string>()
  for (const line of text.trimEnd().split('\n')) {
    const [, type, kind] = /^# TYPE cli_ops_hub_(\w+) (counter|gauge|histogram)$/u.exec(line) ?? []
    if (type !== undefined && kind !== undefined) families.set(type, kind)
    if (line.startsWith('#')) continue
    const [, name = '', labels, value] = LINE.exec(line) ?? []
    const family = name.replace(/_(?:bucket|sum|count)$/u, '')
    if (value === undefined || !(families.has(name) || families.has(family)))
      throw new Error(`not of the format: ${line}`)
    values.set(labels === undefined ? name : `${name}{${labels}}`, Number(value))
  }
  return values
}

describe('a hub’s monitoring', () => {
  let hub: Hub
  let home: string
  const at = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(new URL(path, hub.url.replace('ws:', 'http:')), { headers })
  const metrics = async (): Promise<Map<string, number>> =>
    parseMetrics(await (await at('/metrics')).text())
  beforeAll(async () => {
    home = mkdtempSync(`${tmpdir()}/cli-ops-hub-`)
    hub = await createHub({
      keys: [
        { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] },
        { name: 'prometheus', hash: hashAccessKey(READER), scopes: ['read'] },
        { name: 'locker', hash: hashAccessKey(LOCKER), scopes: ['lock'] },
        { name: 'shop', hash: hashAccessKey(SHOP), scopes: ['read'], namespaces: ['shop'] },
      ],
      store: { home },
      maxConnectionsPerKey: 3,
      leaseMs: 1_000,
    })
  })
  afterAll(async () => {
    await hub.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('counts what the hub does and holds', async () => {
    const before = await metrics()
    const [one, other] = [
      await openAt(hub.url, { token: SECRET }),
      await openAt(hub.url, { token: SECRET }),
    ]
    const db = randomId()
    const grant = await take(one.locks, db)
    const { signal } = new AbortController()
    const waiting = await new Promise<{ granted: unknown }>((resolve) => {
      const granted = other.locks.acquire(newRequest(db), {
        signal,
        onWait: () => {
          resolve({ granted })
        },
      })
    })
    await expect(one.locks.inspect('')).rejects.toThrow(TypeError)
    const now = await metrics()
    const rise = (name: string) => (now.get(name) ?? 0) - (before.get(name) ?? 0)
    expect(
      Object.fromEntries(['connections', 'sessions'].map((name) => [name, rise(name)])),
    ).toEqual({ connections: 2, sessions: 2 })
    expect(now.get('locks_held')).toBe(1)
    expect(now.get('lock_waiters')).toBe(1)
    expect(now.get('requests_in_flight')).toBe(1)
    expect(now.get('store_up')).toBe(1)
    expect(now.get('connections_limit')).toBe(1024)
    expect(rise('connections_opened_total')).toBe(2)
    expect(rise('locks_granted_total')).toBe(1)
    expect(rise('requests_total{method="locks.acquire"}')).toBe(2)
    expect(rise('request_errors_total{code="INVALID_PARAMS"}')).toBe(1)
    expect(rise('request_duration_seconds_count')).toBeGreaterThan(0)
    expect(now.get('request_duration_seconds_bucket{le="+Inf"}')).toBe(
      now.get('request_duration_seconds_count'),
    )
    await grant.release()
    await waiting.granted
    await one.close()
    await other.close()
    await vi.waitFor(async () => expect((await metrics()).get('locks_held')).toBe(0), 10_000)
  })

  test('counts a refused key, a lease that is not renewed, and a client that does not return', async () => {
    const before = await metrics()
    await expect(RawClient.connect(hub.url, { token: 'wrong' })).rejects.toThrow('401')
    const raw = await RawClient.enter(hub.url, SECRET)
    const owner = { name: 'raw', pid: 7, host: 'elsewhere', user: 'dev', startedAt: 0 }
    await raw.call('locks.acquire', { resource: randomId(), id: randomId(), held: [], owner })
    raw.socket.terminate()
    await vi.waitFor(async () => {
      const now = await metrics()
      const rise = (name: string) => (now.get(name) ?? 0) - (before.get(name) ?? 0)
      expect(rise('connections_refused_total{status="401"}')).toBe(1)
      expect(rise('leases_lost_total{cause="expired"}')).toBe(1)
      expect(rise('sessions_expired_total')).toBe(1)
    }, 20_000)
  })

  test('shows /metrics to this machine, and to keys that may read everything', async () => {
    const status = async (headers: Record<string, string> = {}) =>
      (await at('/metrics', headers)).status
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
    const forwarded = { 'x-forwarded-for': '203.0.113.7' }
    expect(await status()).toBe(200)
    expect(await status(forwarded)).toBe(401)
    expect(await status({ forwarded: 'for=203.0.113.7' })).toBe(401)
    expect(await status({ ...forwarded, ...bearer('wrong') })).toBe(401)
    expect(await status({ ...forwarded, ...bearer(READER) })).toBe(200)
    expect(await status({ ...forwarded, ...bearer(LOCKER) })).toBe(403)
    expect(await status({ ...forwarded, ...bearer(SHOP) })).toBe(403)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    const response = await at('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).not.toMatch(/prometheus|locker|shop/u)
  })

  test('shows /livez and /healthz to all clients', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.7' }
    expect(await (await at('/livez', headers)).text()).toBe('ok\n')
    for (const path of ['/healthz', '/health'])
      expect(await (await at(path, headers)).json()).toMatchObject({
        status: 'ok',
        store: { url: 'local:', state: 'reachable' },
      })
    expect((await at('/other')).status).toBe(404)
  })

  test('counts reached limits as refusals', async () => {
    const clients = [0, 1, 2].map(() => RawClient.enter(hub.url, SECRET))
    await Promise.all(clients)
    await expect(RawClient.connect(hub.url, { token: SECRET })).rejects.toThrow('503')
    expect((await metrics()).get('connections_refused_total{status="503"}')).toBe(1)
    for (const client of clients) (await client).socket.close()
  })
})

test.runIf(hasRedisServer())(
  'reports that the store is away, and that the hub is alive',
  async () => {
    const redis = await RedisServer.start()
    onTestFinished(() => redis.stop())
    const hub = await createHub({ keys: [], store: { url: redis.url }, drainMs: 0 })
    onTestFinished(() => hub.close())
    redis.pause()
    const base = hub.url.replace('ws:', 'http:')
    const [metrics, alive] = await Promise.all([fetch(`${base}/metrics`), fetch(`${base}/livez`)])
    expect(alive.status).toBe(200)
    const values = parseMetrics(await metrics.text())
    expect(values.get('store_up')).toBe(0)
    expect(values.get('store_latency_seconds')).toBeGreaterThan(1)
    redis.resume()
  },
  30_000,
)
