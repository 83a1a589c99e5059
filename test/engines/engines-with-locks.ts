import { HubServer } from './hub-server.js'
import { hasNats, NatsServer } from './nats-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

export type Variables = Readonly<Record<string, string>>

export const REDIS = {
  title: 'Redis',
  isThere: hasRedisServer(),
  start: async () => {
    const server = await RedisServer.start()
    const env: Variables = { CLI_OPS_URL: server.url }
    return { server, env }
  },
}

export const POSTGRES = {
  title: 'PostgreSQL',
  isThere: hasPostgres(),
  start: async () => {
    const server = await PostgresServer.start()
    const env: Variables = { CLI_OPS_URL: server.url }
    return { server, env }
  },
}

export const NATS = {
  title: 'NATS',
  isThere: hasNats(),
  start: async () => {
    const server = await NatsServer.start()
    // A new store lets nobody in for one lease.
    await server.ageStore()
    const env: Variables = { CLI_OPS_URL: server.url }
    return { server, env }
  },
}

/** @param lease the longest that a client may have: `10s` */
export function hubWith(lease: string) {
  return {
    title: 'a hub',
    isThere: true,
    start: async () => {
      const server = await HubServer.start(['--lease', lease])
      const env: Variables = { CLI_OPS_URL: server.url, CLI_OPS_TOKEN: server.secret }
      return { server, env }
    },
  }
}
