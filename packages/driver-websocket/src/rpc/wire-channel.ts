import {
  CarriedChannel,
  type RpcLimits,
  type RpcMessage,
  type RpcReceiver,
} from '@cli-ops/shared-ipc/driver'

import { RawJson, RPC_DATA } from '../protocol/message.js'

/** How a channel reaches its other end. */
export interface ChannelWire {
  notify(method: string, params: object): void
  flush(): Promise<void>
  /** The channel has ended. */
  forget(): void
}

/** How a frame was received. */
type Invalid = Parameters<RpcReceiver['onInvalid']>[0]

/** One end of a connection that shares a WebSocket with others: a hub's, or a client's. */
export class WireChannel extends CarriedChannel {
  readonly #id: string
  readonly #wire: ChannelWire

  constructor(id: string, wire: ChannelWire, limits: RpcLimits) {
    super(limits)
    this.#id = id
    this.#wire = wire
  }

  /** A frame has arrived for this channel. */
  onFrame(method: string, params: Readonly<Record<string, unknown>>): void {
    const { messages, error } = params
    if (method === RPC_DATA && Array.isArray(messages)) this.#onData(messages as RpcMessage[])
    else if (method === 'rpc.read') this.onRead(Number(params['count']))
    else if (method === 'rpc.invalid') this.onInvalid(toInvalid(params['reason']))
    else if (method === 'rpc.end') this.onPeerEnd()
    else if (method === 'rpc.close') this.onPeerClose(typeof error === 'string' ? error : undefined)
  }

  /** Reports a foreign frame to the peer. */
  reportInvalid(reason: Invalid): void {
    this.postQueued()
    if (!this.isClosed) this.#notify('rpc.invalid', { reason })
  }

  /** Tells the peer that no more will be sent; it can still answer. */
  reportEnd(): void {
    this.postQueued()
    if (!this.isClosed) this.#notify('rpc.end')
  }

  protected postMessages(jsons: readonly string[]): void {
    const params = `{"channel":${JSON.stringify(this.#id)},"messages":[${jsons.join(',')}]}`
    this.#wire.notify(RPC_DATA, new RawJson(params))
  }

  protected postRead(count: number): void {
    this.#notify('rpc.read', { count })
  }

  protected postClose(error?: Error): void {
    this.#notify('rpc.close', { error: error?.message })
  }

  protected async posted(): Promise<void> {
    if (!this.isClosed) await this.#wire.flush()
  }

  protected forget(): void {
    this.#wire.forget()
  }

  #onData(messages: readonly RpcMessage[]): void {
    for (const message of messages)
      this.take(Buffer.byteLength(JSON.stringify(message)), () => message)
  }

  #notify(method: string, params: object = {}): void {
    this.#wire.notify(method, { channel: this.#id, ...params })
  }
}

function toInvalid(reason: unknown): Invalid {
  return reason === 'too-large' || reason === 'bad-frame' ? reason : 'not-json'
}
