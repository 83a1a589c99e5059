import type { ClusterFaults, EngineStage } from '@cli-ops/shared-ipc/testing'

import { NatsCluster } from './nats-cluster.js'
import { NatsServer, type NatsServerOptions } from './nats-server.js'

/** The faults of a cluster, staged on private NATS servers. */
export const natsStages: ClusterFaults = {
  demote,
  refuse,
  forget: () => onServer(restartWithoutData),
  volatile: () => onServer(restartWithoutData),
  flush: () => onServer(flush),
}

async function onServer(
  strike: (server: NatsServer) => Promise<unknown>,
  options?: NatsServerOptions,
): Promise<EngineStage> {
  const server = await NatsServer.start(options)
  return {
    url: server.url,
    strike: async () => {
      await strike(server)
    },
    close: () => server.stop(),
  }
}

async function restartWithoutData(server: NatsServer): Promise<void> {
  await server.kill()
  server.forget()
  await server.restart()
}

async function flush(server: NatsServer): Promise<void> {
  for (const name of await server.streams()) await server.ask(`STREAM.PURGE.${name}`)
}

/** Makes other servers lead everything, while connections stay open. */
async function demote(): Promise<EngineStage> {
  const cluster = await NatsCluster.start()
  return { url: cluster.url, strike: () => cluster.stepDown(), close: () => cluster.stop() }
}

function refuse(): Promise<EngineStage> {
  const user = (permissions: string): string =>
    `no_auth_user: builder\nauthorization { users = [{ user: builder, password: secret, permissions: { publish: ${permissions} } }] }`
  return onServer((server) => server.reconfigure(user('{ deny: "cli_ops.e.>" }')), {
    config: user('">"'),
  })
}
