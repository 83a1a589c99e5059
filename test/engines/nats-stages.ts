import type { ClusterFaults, EngineStage } from '@cli-ops/shared-ipc/testing'

import { NatsServer } from './nats-server.js'

/** The faults of a cluster, staged on NATS servers of their own. */
export const natsStages: ClusterFaults = {
  forget: () => onServer(restartWithoutData),
  volatile: () => onServer(restartWithoutData),
  flush: () => onServer(flush),
}

async function onServer(strike: (server: NatsServer) => Promise<unknown>): Promise<EngineStage> {
  const server = await NatsServer.start()
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
