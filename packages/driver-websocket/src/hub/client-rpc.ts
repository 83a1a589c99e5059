import {
  CliOpsError,
  randomId,
  RPC_METHOD,
  type RpcChannel,
  type RpcListener,
} from '@cli-ops/shared-ipc/driver'

import { WireChannel } from '../rpc/wire-channel.js'
import { bridge } from './bridge.js'
import type { HubNamespace } from './hub-namespace.js'
import type { Client, ClientPart, Operations } from './operation.js'
import { instanceIn, nameIn, type Params } from './params.js'

const MAX_LISTENERS = 64
const MAX_CHANNELS = 1_024
const MAX_ACCEPTING = 64
const CHANNEL = /^c[0-9a-f]{12}$/u

/** What a hub lets through. */
export interface RpcBounds {
  readonly maxMessageBytes: number
  readonly maxUnreadBytes: number
}

/** An endpoint on which the hub listens for a client. */
export interface ClientEndpoint {
  /** Its address in the store. */
  readonly endpoint: string
  readonly keyName: string
  close(): Promise<void>
}

/** A client's services and requests. */
export class ClientRpc implements ClientPart {
  readonly operations: Operations
  readonly #namespace: HubNamespace
  readonly #client: Client
  readonly #bounds: RpcBounds
  readonly #listeners = new Map<string, RpcListener>()
  readonly #channels = new Map<string, WireChannel>()
  /** The channels' other ends, where requests are made. */
  readonly #callers = new Map<string, RpcChannel>()
  /** Connections that arrived while the client was disconnected. */
  readonly #accepting: (() => void)[] = []
  #ended = false
  #onEmpty: (() => void) | undefined

  constructor(namespace: HubNamespace, client: Client, bounds: RpcBounds) {
    this.#namespace = namespace
    this.#client = client
    this.#bounds = bounds
    const frame = (method: string) =>
      [
        method,
        {
          scope: 'call',
          isPart: true,
          run: (params: Params) => {
            this.#channels.get(String(params['channel']))?.onFrame(method, params)
          },
        },
      ] as const
    this.operations = [
      ['rpc.listen', { scope: 'call', run: (params) => this.#listen(params) }],
      ['rpc.unlisten', { scope: 'call', run: (params) => this.#unlisten(params) }],
      [
        'rpc.connect',
        { scope: 'call', run: (params, { signal }) => this.#connect(params, signal) },
      ],
      frame('rpc.data'),
      frame('rpc.read'),
      frame('rpc.end'),
      frame('rpc.close'),
    ]
  }

  attach(): void {
    for (const accept of this.#accepting.splice(0)) accept()
  }

  /** A channel ends with its connection: frames in transit may have been lost. */
  detach(): void {
    const reason = new CliOpsError('CONNECTION_LOST', 'the peer has gone')
    for (const channel of [...this.#channels.values()]) channel.end(reason)
  }

  /** Tells callers to send no more requests on their channels, and ends each channel once it has its answers. */
  async drain(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((id) => this.#close(id)))
    for (const caller of this.#callers.values())
      caller.send({ jsonrpc: '2.0', method: RPC_METHOD.closing })
    if (this.#channels.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
  }

  async handOver(): Promise<void> {
    this.#ended = true
    const closing = [...this.#listeners.keys()].map((id) => this.#close(id))
    this.attach()
    await Promise.all(closing)
  }

  end(): void {
    void this.handOver()
  }

  async #listen(params: Params): Promise<{ endpoint: string }> {
    const id = instanceIn(params, 'listener')
    const service = { name: nameIn(params, 'name'), instance: instanceIn(params, 'instance') }
    const name = `hub:${id}`
    // Requested again, over the next connection.
    if (this.#listeners.has(id)) return { endpoint: name }
    await this.#takeOver(name)
    if (this.#listeners.size >= MAX_LISTENERS)
      throw new CliOpsError('RATE_LIMITED', `a connection has at most ${MAX_LISTENERS} listeners`)
    const rpc = await this.#namespace.rpc()
    const accept = (channel: RpcChannel): void => {
      this.#accept(id, channel)
    }
    const listener = await rpc.listen(service, accept, this.#bounds)
    if (this.#ended || this.#namespace.endpoints.has(name)) {
      await listener.close()
      throw new CliOpsError('CONNECTION_LOST', 'the connection has ended')
    }
    this.#listeners.set(id, listener)
    const { keyName } = this.#client
    this.#namespace.endpoints.set(name, {
      endpoint: listener.endpoint,
      keyName,
      close: () => this.#close(id),
    })
    return { endpoint: name }
  }

  /** The client began a new session before its last one had ended. */
  async #takeOver(name: string): Promise<void> {
    const listening = this.#namespace.endpoints.get(name)
    if (listening === undefined) return
    if (listening.keyName !== this.#client.keyName)
      throw new TypeError('listener must not be in use')
    await listening.close()
  }

  async #unlisten(params: Params): Promise<null> {
    await this.#close(instanceIn(params, 'listener'))
    return null
  }

  async #close(id: string): Promise<void> {
    const listener = this.#listeners.get(id)
    if (listener === undefined) return
    this.#listeners.delete(id)
    this.#namespace.endpoints.delete(`hub:${id}`)
    await listener.close().catch(() => undefined)
  }

  #accept(listener: string, channel: RpcChannel): void {
    if (!this.#client.isOpen && !this.#ended && this.#accepting.length < MAX_ACCEPTING) {
      // Frames that arrive meanwhile wait unread.
      channel.pause()
      this.#accepting.push(() => {
        this.#accept(listener, channel)
        channel.resume()
      })
      return
    }
    if (!this.#client.isOpen || this.#channels.size >= MAX_CHANNELS) {
      channel.receive({
        onMessage: () => undefined,
        onInvalid: () => undefined,
        onDrain: () => undefined,
        onEnd: () => undefined,
        onClose: () => undefined,
      })
      channel.close()
      return
    }
    const id = `h${randomId()}`
    this.#client.notify('rpc.accept', { listener, channel: id })
    bridge(this.#add(id, channel), channel)
  }

  async #connect(params: Params, signal: AbortSignal): Promise<null> {
    const { channel: id, endpoint } = params
    if (typeof id !== 'string' || !CHANNEL.test(id) || this.#channels.has(id))
      throw new TypeError(`channel must match ${String(CHANNEL)} and be new`)
    if (this.#channels.size >= MAX_CHANNELS)
      throw new CliOpsError('RATE_LIMITED', `a connection has at most ${MAX_CHANNELS} channels`)
    const real = typeof endpoint === 'string' ? await this.#find(endpoint) : undefined
    if (real === undefined)
      throw new CliOpsError('NO_RESPONDER', 'nothing answers at that endpoint')
    const channel = await (await this.#namespace.rpc()).connect(real, this.#bounds, signal)
    if (this.#ended || signal.aborted) channel.close()
    bridge(this.#add(id), channel)
    return null
  }

  /**
   * Finds the address of a service. Clients can only connect to what the registry names: this machine's other sockets
   * do not belong to the kit.
   */
  async #find(endpoint: string): Promise<string | undefined> {
    const listening = this.#namespace.endpoints.get(endpoint)
    if (listening !== undefined) return listening.endpoint
    const services = await (await this.#namespace.registry()).discover({ probe: false })
    return services.some((service) => service.endpoint === endpoint) ? endpoint : undefined
  }

  /** @param caller where requests are made, unless the client itself makes them */
  #add(id: string, caller?: RpcChannel): WireChannel {
    const client = this.#client
    const channel = new WireChannel(
      id,
      {
        notify: (method, params) => {
          client.notify(method, params)
        },
        flush: () => Promise.resolve(),
        forget: () => {
          this.#channels.delete(id)
          this.#callers.delete(id)
          if (this.#channels.size === 0) this.#onEmpty?.()
        },
      },
      this.#bounds,
    )
    // The hub stays alive because it listens, not because of its channels.
    channel.unref()
    this.#channels.set(id, channel)
    this.#callers.set(id, caller ?? channel)
    return channel
  }
}
