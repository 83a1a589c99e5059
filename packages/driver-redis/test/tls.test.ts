import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { freePort } from '../../../test/engines/free-port.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

describe.runIf(hasRedisServer())('a server with TLS', () => {
  let server: RedisServer
  let directory: string
  let url: string
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=redis.test'],
      ...['-addext', 'subjectAltName=DNS:redis.test'],
    ])
    expect(made.status).toBe(0)
    const port = await freePort()
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
    server = await RedisServer.start({
      settings: ['--tls-port', String(port), '--tls-auth-clients', 'no', ...files],
    })
    url = `rediss://127.0.0.1:${port}`
  })
  afterAll(async () => {
    await server.stop()
    rmSync(directory, { recursive: true })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  async function lockAt(at = url): Promise<string> {
    const locks = new LockManager({ url: at, home: directory, disabled: false })
    try {
      return await locks.acquire('db', () => 'locked')
    } finally {
      await locks.close()
    }
  }

  test('is used if its authority is known and its name is right', async () => {
    vi.stubEnv('CLI_OPS_REDIS_TLS_CA_FILE', join(directory, 'cert.pem'))
    vi.stubEnv('CLI_OPS_REDIS_TLS_SERVERNAME', 'redis.test')
    expect(await lockAt()).toBe('locked')
  })

  test('is refused if its authority is unknown', async () => {
    vi.stubEnv('CLI_OPS_REDIS_TLS_SERVERNAME', 'redis.test')
    await expect(lockAt()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('self-signed') as string,
    })
  })

  test('is refused under another name', async () => {
    vi.stubEnv('CLI_OPS_REDIS_TLS_CA_FILE', join(directory, 'cert.pem'))
    await expect(lockAt()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1') as string,
    })
  })

  test('is named as one if the URL says nothing of TLS', async () => {
    await expect(lockAt(url.replace('rediss:', 'redis:'))).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('begins with rediss://') as string,
    })
  })
})

describe.runIf(hasRedisServer())('a server without TLS', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  async function errorAt(url: string): Promise<unknown> {
    const locks = new LockManager({ url, home: tmpdir(), disabled: false, engineTimeoutMs: 1_000 })
    const failure: unknown = await locks.list().catch((error: unknown) => error)
    await locks.close()
    return failure
  }

  test('is named as one that might lack TLS if the URL asks for TLS', async () => {
    // It waits for the end of a line, and says nothing.
    expect(await errorAt(server.url.replace('redis:', 'rediss:'))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('whether it uses TLS') as string,
    })
  })

  test('is said to be full if it has too many clients', async () => {
    const client = new Redis(server.port, '127.0.0.1')
    await client.config('SET', 'maxclients', '1')
    expect(await errorAt(server.url)).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('maxclients') as string,
    })
    client.disconnect()
  })

  test('names the part of the URL that selects a missing database', async () => {
    const other = await RedisServer.start()
    onTestFinished(() => other.stop())
    expect(await errorAt(`${other.url}/99`)).toMatchObject({
      message: expect.stringContaining('the URL path is the number of a database') as string,
    })
  })
})
