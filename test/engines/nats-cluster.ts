import { setTimeout as delay } from 'node:timers/promises'

import { freePort } from './free-port.js'
import { NatsServer } from './nats-server.js'

const SIZE = 3

/** Three NATS servers that keep three copies of everything. */
export class NatsCluster {
  readonly servers: readonly NatsServer[]

  private constructor(servers: readonly NatsServer[]) {
    this.servers = servers
  }

  /** Starts one. Resolves once streams can be created on it. */
  static async start(): Promise<NatsCluster> {
    const routePorts: number[] = []
    const ports: number[] = []
    for (let index = 0; index < SIZE; index += 1) {
      routePorts.push(await freePort())
      ports.push(await freePort())
    }
    const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`)
    const servers = await Promise.all(
      routePorts.map((routePort, index) =>
        NatsServer.start({
          port: ports[index] ?? 0,
          args: [
            ...['--server_name', `n${index}`, '--cluster_name', 'cli-ops'],
            ...['--cluster', `nats://127.0.0.1:${routePort}`],
            ...['--routes', routes.filter((_, other) => other !== index).join(',')],
          ],
        }),
      ),
    )
    const cluster = new NatsCluster(servers)
    await cluster.#untilReady()
    return cluster
  }

  get url(): string {
    return `nats://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  /** Returns the server that leads a stream. */
  async leaderOf(stream: string): Promise<NatsServer> {
    for (;;) {
      for (const server of this.servers.filter(({ pid }) => pid !== 0)) {
        const { cluster } = await server.ask(`STREAM.INFO.${stream}`).catch(() => ({}) as never)
        const { leader } = (cluster ?? {}) as { readonly leader?: string }
        const found = this.servers[Number(leader?.slice(1))]
        if (found !== undefined) return found
      }
      await delay(50)
    }
  }

  /** Makes other servers lead everything. */
  async stepDown(): Promise<void> {
    const [server] = this.servers
    for (const name of (await server?.streams()) ?? [])
      await server?.ask(`STREAM.LEADER.STEPDOWN.${name}`)
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()))
  }

  async #untilReady(): Promise<void> {
    const config = { name: 'ready', subjects: ['ready'], num_replicas: SIZE, storage: 'memory' }
    for (;;) {
      const [server] = this.servers
      const answer = await server
        ?.ask('STREAM.CREATE.ready', config)
        .catch(() => ({ error: 'none' }))
      if (answer !== undefined && answer['error'] === undefined) break
      await delay(100)
    }
    await this.servers[0]?.ask('STREAM.DELETE.ready')
  }
}
