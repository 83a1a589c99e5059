import {
  clearTimeout,
  CliOpsError,
  type ServiceInfo,
  type ServiceRecord,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'

import type { WireService } from '../registry/hub-registry.js'
import type { HubNamespace } from './hub-namespace.js'
import type { Client, ClientPart, Operations } from './operation.js'
import {
  claimIn,
  instanceIn,
  integerIn,
  nameIn,
  objectIn,
  optionalNameIn,
  type Params,
  plainCopy,
} from './params.js'

const MAX_METADATA_BYTES = 64 * 1024
const MAX_RECORDS = 64
const MAX_PID = 2 ** 32
/** One notification is enough for many changes. */
const TELL_AFTER_MS = 5

/**
 * The field of a stored record that says which client the hub keeps it for. To the store and the processes beside it,
 * the record's process is the hub: the record ends with it.
 */
const FOR = 'cliOpsRemote'

/** The content of that field. */
interface Remote {
  readonly pid: number
  /** Name of its access key. */
  readonly key: string
  /** What the client gave as its endpoint, if the hub does not listen there for it: clients must not connect to it. */
  readonly endpoint?: string | undefined
}

/** A record kept for clients: each connection of a process can request it. */
export interface ClientRecord {
  readonly keyName: string
  readonly name: string
  readonly instance: string
  readonly clients: Set<Client>
}

/** A client's registrations. */
export class ClientRegistry implements ClientPart {
  readonly operations: Operations
  readonly #namespace: HubNamespace
  readonly #client: Client
  #stopWatching: (() => void) | undefined
  #telling: NodeJS.Timeout | undefined
  #ended = false

  constructor(namespace: HubNamespace, client: Client) {
    this.#namespace = namespace
    this.#client = client
    this.operations = [
      ['registry.register', { scope: 'emit', run: (params) => this.#register(params) }],
      ['registry.unregister', { scope: 'emit', run: (params) => this.#unregister(params) }],
      ['registry.discover', { scope: 'read', run: (params) => this.#discover(params) }],
      [
        'registry.clean',
        {
          scope: 'emit',
          run: async () =>
            (await (await namespace.registry()).clean()).map((info) => this.#toWire(info)),
        },
      ],
      ['registry.watch', { scope: 'read', run: () => this.#watch() }],
      [
        'registry.unwatch',
        {
          scope: 'read',
          run: () => {
            this.#unwatch()
          },
        },
      ],
    ]
  }

  /** The client registers again at the next hub, where its service listens at another endpoint. */
  async handOver(): Promise<void> {
    this.#ended = true
    this.#unwatch()
    await Promise.allSettled(this.#leave())
  }

  end(): void {
    void this.handOver()
  }

  /** Removes the records that no other session keeps. */
  #leave(): Promise<void>[] {
    const left = this.#own().filter(
      ({ clients }) => clients.delete(this.#client) && clients.size === 0,
    )
    return left.map((record) => this.#remove(record))
  }

  async #register(params: Params): Promise<null> {
    const given = objectIn(params, 'record')
    const name = nameIn(given, 'name')
    const instance = instanceIn(given, 'instance')
    const key = keyOf(name, instance)
    const known = this.#namespace.records.get(key)
    const { keyName } = this.#client
    if (known !== undefined && known.keyName !== keyName)
      throw new CliOpsError(
        'FORBIDDEN',
        `${name} ${instance} is registered with another access key`,
      )
    if (known !== undefined && params['ifAbsent'] === true) {
      known.clients.add(this.#client)
      return null
    }
    if (known === undefined && this.#own().length >= MAX_RECORDS)
      throw new CliOpsError('RATE_LIMITED', `a connection has at most ${MAX_RECORDS} records`)
    const stored = this.#toStored(given, name, instance)
    const record = known ?? { keyName, name, instance, clients: new Set<Client>() }
    record.clients.add(this.#client)
    this.#namespace.records.set(key, record)
    await (await this.#namespace.registry()).register(stored)
    // The session ended while the record was being written.
    if (this.#ended) this.end()
    return null
  }

  async #unregister(params: Params): Promise<null> {
    const record = this.#namespace.records.get(
      keyOf(nameIn(params, 'name'), instanceIn(params, 'instance')),
    )
    if (record?.keyName === this.#client.keyName) await this.#remove(record)
    return null
  }

  async #remove({ name, instance }: ClientRecord): Promise<void> {
    this.#namespace.records.delete(keyOf(name, instance))
    await (await this.#namespace.registry()).unregister(name, instance)
  }

  async #discover(params: Params): Promise<WireService[]> {
    const query = { name: optionalNameIn(params, 'name'), probe: params['probe'] === true }
    const found = await (await this.#namespace.registry()).discover(query)
    return found.map((info) => this.#toWire(info))
  }

  async #watch(): Promise<null> {
    const registry = await this.#namespace.registry()
    if (this.#ended) return null
    this.#stopWatching ??= registry.watch(() => {
      this.#telling ??= setTimeout(() => {
        this.#telling = undefined
        this.#client.notify('registry.changed', {})
      }, TELL_AFTER_MS)
    })
    return null
  }

  #unwatch(): void {
    this.#stopWatching?.()
    this.#stopWatching = undefined
    clearTimeout(this.#telling)
    this.#telling = undefined
  }

  #own(): ClientRecord[] {
    return [...this.#namespace.records.values()].filter(({ clients }) => clients.has(this.#client))
  }

  #toStored(given: Params, name: string, instance: string): ServiceRecord {
    const version = claimIn(given, 'version')
    const endpoint = claimIn(given, 'endpoint')
    const listening = this.#namespace.endpoints.get(endpoint)?.endpoint
    const remote: Remote = {
      pid: integerIn(given, 'pid', 0, MAX_PID),
      key: this.#client.keyName,
      ...(endpoint !== '' && listening === undefined && { endpoint }),
    }
    const metadata = plainCopy('metadata', objectIn(given, 'metadata'), MAX_METADATA_BYTES)
    return {
      name,
      instance,
      pid: process.pid,
      version: version === '' ? undefined : version,
      startedAt: integerIn(given, 'startedAt', 0, 8.64e15),
      endpoint: listening,
      metadata: { ...metadata, [FOR]: remote },
    }
  }

  #toWire(info: ServiceInfo): WireService {
    const {
      name,
      instance,
      pid,
      version,
      startedAt,
      state,
      reason,
      endpoint,
      [FOR]: remote,
      ...rest
    } = info
    const kept = isRemote(remote) ? remote : undefined
    return {
      name,
      instance,
      pid: kept?.pid ?? pid,
      version,
      startedAt: startedAt.getTime(),
      state,
      reason,
      endpoint: kept?.endpoint ?? this.#nameOf(endpoint),
      metadata: rest,
    }
  }

  /** What clients call an endpoint of the hub; its real address stays hidden. */
  #nameOf(endpoint: string | undefined): string | undefined {
    if (endpoint === undefined) return undefined
    for (const [name, real] of this.#namespace.endpoints)
      if (real.endpoint === endpoint) return name
    return endpoint
  }
}

function isRemote(value: unknown): value is Remote {
  if (typeof value !== 'object' || value === null) return false
  const { pid, endpoint } = value as Partial<Remote>
  return Number.isSafeInteger(pid) && (endpoint === undefined || typeof endpoint === 'string')
}

function keyOf(name: string, instance: string): string {
  return `${instance} ${name}`
}
