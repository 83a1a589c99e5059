import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

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
