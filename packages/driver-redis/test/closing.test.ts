import { IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { sayTo } from '../../../test/engines/redis-replication.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { temporaryHome } from '../../core/test/fixtures/temporary-home.js'

describe.runIf(hasRedisServer())('closed while its server does not answer', () => {
  test.each([
    {
      what: 'a registry',
      open: async (options: object) => {
        const registry = new ServiceRegistry(options)
        await registry.register('svc')
        return registry
      },
    },
    {
      what: 'a server of requests',
      open: async (options: object) => {
        const server = new IPCServer('svc', options)
        await server.ready
        return server
      },
    },
  ])('$what reports that its record stays, and leaves no connection', async ({ open }) => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const part = await open({ url: server.url, home: temporaryHome(), engineTimeoutMs: 500 })
    server.pause()
    await expect(part.close()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    server.resume()
    const clients = async (): Promise<number> =>
      String(await sayTo(server.port, 'CLIENT', 'LIST'))
        .split('\n')
        .filter((line) => line.includes('id=')).length
    await expect.poll(clients, { timeout: 20_000 }).toBe(1)
  })
})
