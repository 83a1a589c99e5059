import { HubServer } from './hub-server.js'
import { hasNats, NatsServer } from './nats-server.js'
import { hasPostgres, PostgresServer } from './postgres-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

export type Variables = Readonly<Record<string, string>>

interface UrlServer {
  readonly url: string
}

/** Returns an engine that a URL describes completely. */
export function engineAt<Server extends UrlServer>(
  title: string,
  isThere: boolean,
  startServer: () => Promise<Server>,
) {
  return {
    title,
    isThere,
    start: async () => {
      const server = await startServer()
      const env: Variables = { CLI_OPS_URL: server.url }
      return { server, env }
    },
  }
}

export const REDIS = engineAt('Redis', hasRedisServer(), () => RedisServer.start())

export const POSTGRES = engineAt('PostgreSQL', hasPostgres(), () => PostgresServer.start())

export const NATS = engineAt('NATS', hasNats(), async () => {
  const server = await NatsServer.start()
  // A new store grants nothing for one lease.
  await server.ageStore()
  return server
})

/** @param lease the longest lease of a client: `10s` */
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
