import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'

import { sayTo } from '../../../test/engines/redis-replication.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

const GUIDE = new URL('../../../docs/guides/redis.md', import.meta.url)

/** Returns the guide's rules, for one namespace. */
function documentedRules(): string[] {
  const [, rules = ''] =
    /^user cli-ops on >secret (.*)$/mu.exec(
      readFileSync(GUIDE, 'utf8').replaceAll(/\\\n\s*/gu, ''),
    ) ?? []
  return rules.split(' ')
}

test.runIf(hasRedisServer())(
  'the guide’s user may do all that is needed in its namespace, and nothing else',
  { timeout: 60_000 },
  async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    await sayTo(server.port, 'ACL', 'SETUSER', 'cli-ops', 'on', '>secret', ...documentedRules())
    await sayTo(server.port, 'SET', 'stranger', 'value')
    const url = `redis://cli-ops:secret@127.0.0.1:${server.port}`
    const open = (namespace: string) => {
      const ops = createCoordinator({ name: 'daemon', url, namespace, home: tmpdir() })
      onTestFinished(() => ops.close())
      return ops
    }
    const ops = open('team')
    const rpc = ops.serve()
    rpc.handle('echo', (value) => value)
    await rpc.ready
    expect(await ops.connect('daemon').call('echo', 7)).toBe(7)
    expect(await ops.registry.discover({ includeSelf: true })).toHaveLength(1)
    await ops.locks.acquire('db', async () => {
      await ops.events.emit('a:b', 1, { durable: false })
      expect(await ops.locks.list()).toHaveLength(1)
    })
    for await (const { data } of ops.events.subscribe('*', {
      from: 'earliest',
      group: 'g',
      wait: false,
    }))
      expect(data).toBe(1)

    const forbidden = expect.objectContaining({ code: 'FORBIDDEN' }) as unknown
    await expect(open('other').locks.lock('db')).rejects.toEqual(forbidden)
    await expect(open('other').events.emit('a:b', 1)).rejects.toEqual(forbidden)
    const client = new Redis(url, { retryStrategy: () => null })
    onTestFinished(() => {
      client.disconnect()
    })
    const commands = [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['RANDOMKEY'],
      ['GET', 'stranger'],
      ['CONFIG', 'GET', '*'],
      ['SCRIPT', 'FLUSH'],
      ['PUBSUB', 'CHANNELS'],
      ['PUBLISH', 'stranger', 'x'],
      ['EVAL', "return redis.call('FLUSHALL')", '0'],
      ['EVAL', "return redis.call('GET', 'stranger')", '0'],
    ] as const
    for (const [name, ...args] of commands)
      await expect(client.call(name, ...args), name).rejects.toThrow(
        /NOPERM|permission|can't run|can't access|at least one/i,
      )
  },
)
