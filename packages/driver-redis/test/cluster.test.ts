import { createCoordinator } from '@cli-ops/shared-ipc'
import { tmpdir } from 'node:os'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

const SLOTS = 16_384

async function startNode(slots: readonly [from: number, to: number]): Promise<RedisServer> {
  const server = await RedisServer.start({
    isPersistent: false,
    settings: ['--cluster-enabled', 'yes'],
  })
  onTestFinished(() => server.stop())
  await say(server, ['CLUSTER', 'ADDSLOTSRANGE', ...slots])
  return server
}

async function say(server: RedisServer, [name, ...args]: [string, ...(string | number)[]]) {
  const client = new Redis(server.port, { retryStrategy: () => null })
  try {
    return await client.call(name, ...args)
  } finally {
    client.disconnect()
  }
}

test.runIf(hasRedisServer())(
  'a namespace is served by the cluster node that has its slot, whichever node the URL names',
  { timeout: 60_000 },
  async () => {
    const one = await startNode([0, SLOTS / 2 - 1])
    const other = await startNode([SLOTS / 2, SLOTS - 1])
    await say(one, ['CLUSTER', 'MEET', '127.0.0.1', other.port])
    const isReady = async () => String(await say(one, ['CLUSTER', 'INFO'])).includes('state:ok')
    const knowsOther = async () =>
      String(await say(other, ['CLUSTER', 'INFO'])).includes('state:ok')
    while (!(await isReady()) || !(await knowsOther()))
      await new Promise((resolve) => setTimeout(resolve, 100))

    for (const namespace of ['a', 'b', 'c', 'd']) {
      const options = { url: one.url, namespace, home: tmpdir(), disabled: false }
      const ops = createCoordinator({ name: 'cli-alpha', ...options })
      const lock = await ops.locks.lock('db')
      const heard = ops.events.once('a:b', { from: 'earliest' })
      await ops.events.emit('a:b', namespace)
      expect((await heard).data).toBe(namespace)
      const server = ops.serve()
      server.handle('echo', (value) => value)
      expect(await ops.connect('cli-alpha').call('echo', 7)).toBe(7)
      await lock.release()
      await ops.close()
    }
    // Both nodes have had some of them.
    for (const node of [one, other]) expect(await say(node, ['DBSIZE'])).toBeGreaterThan(0)
  },
)
