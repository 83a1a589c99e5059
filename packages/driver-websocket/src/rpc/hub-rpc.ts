import {
  CliOpsError,
  KeepAlive,
  randomId,
  type RpcChannel,
  type RpcDriver,
  type RpcLimits,
  type RpcListener,
  type RpcService,
} from '@cli-ops/shared-ipc/driver'

import type { ConnectionPart, HubConnection } from '../connection/hub-connection.js'
import type { HubLink } from '../connection/hub-link.js'
import { WireChannel } from './wire-channel.js'

interface Listening {
  readonly service: RpcService
  readonly accept: (channel: RpcChannel) => void
  readonly limits: RpcLimits
}

/** Requests over a hub: on its machine it listens and connects for its clients, and forwards their frames. */
export class HubRpc implements RpcDriver, ConnectionPart {
  readonly #connection: HubConnection
  readonly #listeners = new Map<string, Listening>()
  readonly #channels = new Map<string, WireChannel>()

  constructor(connection: HubConnection) {
    this.#connection = connection
  }

  get isNeeded(): boolean {
    return this.#listeners.size > 0
  }

  async listen(
    service: RpcService,
    accept: (channel: RpcChannel) => void,
    limits: RpcLimits,
  ): Promise<RpcListener> {
    const id = randomId()
    this.#listeners.set(id, { service, accept, limits })
    try {
      await this.#connection.call('rpc.listen', toParams(id, service))
    } catch (error) {
      this.#listeners.delete(id)
      this.#connection.notify('rpc.unlisten', { listener: id })
      throw error
    }
    const alive = new KeepAlive()
    alive.ref()
    const forget = (): boolean => {
      alive.unref()
      return this.#listeners.delete(id)
    }
    return {
      endpoint: `hub:${id}`,
      close: async () => {
        // Once this resolves no client must get in any more, so wait for the hub's answer.
        if (forget())
          await this.#connection.live?.call('rpc.unlisten', { listener: id }).catch(() => undefined)
      },
      closeSync: () => {
        if (forget()) this.#connection.notify('rpc.unlisten', { listener: id })
      },
      ref: () => {
        if (this.#listeners.has(id)) alive.ref()
      },
      unref: () => {
        alive.unref()
      },
    }
  }

  async connect(endpoint: string, limits: RpcLimits, signal: AbortSignal): Promise<RpcChannel> {
    signal.throwIfAborted()
    const session = await this.#connection.connect(signal)
    const id = `c${randomId()}`
    const channel = this.#add(id, session, limits)
    try {
      await this.#connection.call(
        'rpc.connect',
        { channel: id, endpoint },
        { signal, repeat: 'never' },
      )
      if (this.#channels.get(id) !== channel) throw lostError()
      return channel
    } catch (error) {
      channel.close()
      throw error
    }
  }

  async onLive(session: HubLink): Promise<void> {
    if (session.isResumed) return
    const listeners = [...this.#listeners]
    await Promise.allSettled(
      listeners.map(([id, { service }]) => session.call('rpc.listen', toParams(id, service))),
    )
  }

  onLost(): void {
    for (const channel of [...this.#channels.values()]) channel.end(lostError())
  }

  onNotification = (
    method: string,
    params: Readonly<Record<string, unknown>>,
    link: HubLink,
  ): void => {
    if (!method.startsWith('rpc.')) return
    const id = String(params['channel'])
    if (method === 'rpc.accept') this.#accept(id, String(params['listener']), link)
    else this.#channels.get(id)?.onFrame(method, params)
  }

  close(): void {
    this.#listeners.clear()
    for (const channel of [...this.#channels.values()]) channel.close()
  }

  #accept(id: string, listener: string, link: HubLink): void {
    const listening = this.#listeners.get(listener)
    if (listening === undefined) link.notify('rpc.close', { channel: id })
    else listening.accept(this.#add(id, link, listening.limits))
  }

  #add(id: string, session: HubLink, limits: RpcLimits): WireChannel {
    const channel = new WireChannel(
      id,
      {
        notify: (method, params) => {
          session.notify(method, params)
        },
        flush: () => session.flush(),
        forget: () => this.#channels.delete(id),
      },
      limits,
    )
    this.#channels.set(id, channel)
    return channel
  }
}

function toParams(listener: string, { name, instance }: RpcService): object {
  return { listener, name, instance }
}

function lostError(): CliOpsError {
  return new CliOpsError('CONNECTION_LOST', 'the connection to the hub ended')
}
