import { type ConnectionOptions, IPCClient, isCliOpsError } from '@cli-ops/shared-ipc'

import type { InstanceFacts } from './live-types.js'
import { readRequestReport } from '@cli-ops/shared-ipc/ops'
import type { RequestHistory } from './request-history.js'

const TIMEOUT_MS = 800
/** The maximum number of servers to ask: each takes a connection. */
const MAX_SERVERS = 64

/** Asks the servers among the instances about their requests, over one connection each, kept open while they live. */
export class RequestWatch {
  readonly #connection: ConnectionOptions
  readonly #history: RequestHistory
  readonly #clients = new Map<string, IPCClient>()
  #isClosed = false

  constructor(connection: ConnectionOptions, history: RequestHistory) {
    this.#connection = connection
    this.#history = history
  }

  /** Asks each server once. Returns true if something changed. */
  async look(instances: readonly InstanceFacts[]): Promise<boolean> {
    if (this.#isClosed) return false
    const servers = instances.filter(({ answers }) => answers).slice(0, MAX_SERVERS)
    const present = new Set(servers.map(({ instance }) => instance))
    for (const [instance, client] of this.#clients) {
      if (present.has(instance)) continue
      this.#clients.delete(instance)
      await client.close()
    }
    this.#history.keepServers(present)
    const changes = await Promise.all(servers.map((server) => this.#ask(server)))
    return changes.includes(true)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#clients.values()].map((client) => client.close()))
  }

  async #ask(server: InstanceFacts): Promise<boolean> {
    const { name, instance } = server
    if (server.state === 'hung') return this.#history.observe(server, 'silent', Date.now())
    const client = this.#clients.get(instance) ?? new IPCClient(name, { ...this.#connection })
    this.#clients.set(instance, client)
    const params = { after: this.#history.endedOf(instance) }
    try {
      const options = { instance, timeoutMs: TIMEOUT_MS }
      const report = readRequestReport(await client.call('$/requests', params, options))
      return this.#history.observe(server, report ?? 'mute', Date.now())
    } catch (error) {
      // An older server, or one of another implementation, does not know the method; or a hub does not allow calls
      // with this key.
      const isMute = isCliOpsError(error, 'REMOTE_ERROR') || isCliOpsError(error, 'FORBIDDEN')
      const answer = isMute ? 'mute' : 'silent'
      return this.#history.observe(server, answer, Date.now())
    }
  }
}
