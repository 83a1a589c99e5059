import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

import type { ClusterFaults, EngineStage } from '@cli-ops/shared-ipc/testing'

import { NetworkProxy } from './network-proxy.js'
import { RedisPair, sayTo } from './redis-replication.js'
import { RedisServer, type RedisServerOptions } from './redis-server.js'
import { SteppedClock } from './stepped-clock.js'

const SLOTS = 16_384
const MINUTE_MS = 60_000

/** The faults of a cluster, staged on private Redis servers. A clock step needs a C compiler. */
export const redisStages: ClusterFaults = {
  demote,
  loseWrites,
  move,
  forget: () => onServer({ isPersistent: false }, restart),
  volatile: () => onServer({ isPersistent: false }, restart),
  flush: () => onServer({}, ({ port }) => sayTo(port, 'FLUSHALL')),
  evict: () => onServer({}, evictHolders),
  refuse: () => onServer({}, ({ port }) => sayTo(port, 'ACL', 'SETUSER', 'default', '-publish')),
  fill: () => onServer({}, ({ port }) => sayTo(port, 'CONFIG', 'SET', 'maxmemory', 1)),
  ...(spawnSync('cc', ['--version']).status === 0 && {
    clockForward: () => steppedBy(MINUTE_MS),
    clockBack: () => steppedBy(-MINUTE_MS),
  }),
}

async function onServer(
  options: RedisServerOptions,
  strike: (server: RedisServer) => Promise<unknown>,
): Promise<EngineStage> {
  const server = await RedisServer.start(options)
  return {
    url: server.url,
    strike: async () => {
      await strike(server)
    },
    close: () => server.stop(),
  }
}

async function restart(server: RedisServer): Promise<void> {
  await server.kill()
  await server.restart()
}

async function evictHolders({ port }: RedisServer): Promise<void> {
  const keys = (await sayTo(port, 'KEYS', '*:holders:*')) as string[]
  if (keys.length > 0) await sayTo(port, 'DEL', ...keys)
}

async function steppedBy(ms: number): Promise<EngineStage> {
  const clock = SteppedClock.build()
  if (clock === undefined) throw new Error('there is no C compiler')
  const stage = await onServer({ env: clock.env }, () => {
    clock.step(ms)
    return Promise.resolve()
  })
  return {
    ...stage,
    close: async () => {
      await stage.close()
      clock.remove()
    },
  }
}

/** Fails over behind one address: connections to the old primary stay open, new ones reach the new primary. */
async function demote(): Promise<EngineStage> {
  const pair = await RedisPair.start()
  const door = await NetworkProxy.start({ port: pair.primary.port })
  return {
    url: `redis://127.0.0.1:${door.port}`,
    strike: async () => {
      await pair.promote()
      door.retarget(pair.replica.port)
    },
    close: async () => {
      await door.close()
      await pair.stop()
    },
  }
}

async function loseWrites(): Promise<EngineStage> {
  const pair = await RedisPair.start()
  const { primary, replica } = pair
  const link = await NetworkProxy.start({ port: primary.port })
  await pair.follow(replica, link)
  return {
    url: `redis://127.0.0.1:${primary.port},127.0.0.1:${replica.port}`,
    lag: () => {
      link.cut()
      return Promise.resolve()
    },
    strike: async () => {
      await primary.kill()
      await pair.promote({ demote: false })
    },
    close: async () => {
      await pair.stop()
      await link.close()
    },
  }
}

/** Creates a cluster of two, whose slots are all on one node, and moves them with their data to the other. */
async function move(): Promise<EngineStage> {
  const options = { settings: ['--cluster-enabled', 'yes'] }
  const [one, other] = [await RedisServer.start(options), await RedisServer.start(options)]
  await sayTo(one.port, 'CLUSTER', 'ADDSLOTSRANGE', 0, SLOTS - 1)
  await sayTo(one.port, 'CLUSTER', 'MEET', '127.0.0.1', other.port)
  for (const { port } of [one, other])
    while (!String(await sayTo(port, 'CLUSTER', 'INFO')).includes('state:ok')) await delay(50)
  const [from, to] = (await Promise.all(
    [one, other].map(({ port }) => sayTo(port, 'CLUSTER', 'MYID')),
  )) as [string, string]
  return {
    url: one.url,
    strike: async () => {
      const keys = (await sayTo(one.port, 'KEYS', '*')) as string[]
      const slots = await Promise.all(keys.map((key) => sayTo(one.port, 'CLUSTER', 'KEYSLOT', key)))
      for (const slot of new Set(slots as number[])) {
        await sayTo(other.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
        await sayTo(one.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
        for (;;) {
          const moved = (await sayTo(one.port, 'CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[]
          if (moved.length === 0) break
          const target = ['127.0.0.1', other.port, '', 0, 5_000, 'KEYS', ...moved] as const
          await sayTo(one.port, 'MIGRATE', ...target)
        }
        for (const { port } of [other, one])
          await sayTo(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', to)
      }
    },
    close: async () => {
      await Promise.all([one.stop(), other.stop()])
    },
  }
}
