import {
  CliOpsError,
  KeepAlive,
  type RpcChannel,
  type RpcLimits,
  type RpcMessage,
  type RpcReceiver,
} from '@cli-ops/shared-ipc/driver'

import { RawJson, RPC_DATA } from '../protocol/message.js'

/** More than this unread makes the sender wait. */
const HOLD_BACK_BYTES = 64 * 1024
/** Frames this large, where many messages are sent at once. */
const MAX_FRAME_BYTES = 256 * 1024

/** How a channel reaches its other end. */
export interface ChannelWire {
  notify(method: string, params: object): void
  flush(): Promise<void>
  /** The channel has ended. */
  forget(): void
}

/** How a frame came. */
type Invalid = Parameters<RpcReceiver['onInvalid']>[0]

/**
 * One end of a connection that shares a WebSocket with others: a hub's, or a client's. The reader says how far it has read, which is
 * what holds a sender back.
 */
export class WireChannel implements RpcChannel {
  readonly #id: string
  readonly #wire: ChannelWire
  readonly #limits: RpcLimits
  readonly #alive = new KeepAlive()
  readonly #incoming: { readonly message: RpcMessage; readonly bytes: number }[] = []
  #incomingBytes = 0
  #receiver: RpcReceiver | undefined
  #outgoing: string[] = []
  /** Sizes of the messages that the peer has not read yet. */
  #unread: number[] = []
  #unreadBytes = 0
  #isFlushing = false
  #isDelivering = false
  #mustDrain = false
  #paused = false
  #closed = false
  #peerEnded = false
  #peerClosed: { readonly error: Error | undefined } | undefined

  constructor(id: string, wire: ChannelWire, limits: RpcLimits) {
    this.#id = id
    this.#wire = wire
    this.#limits = limits
    this.#alive.ref()
  }

  receive(receiver: RpcReceiver): void {
    this.#receiver = receiver
  }

  send(message: RpcMessage): boolean {
    if (this.#closed) return true
    const json = JSON.stringify(message)
    const bytes = Buffer.byteLength(json)
    const { maxMessageBytes, maxUnreadBytes } = this.#limits
    if (bytes > maxMessageBytes) {
      throw new CliOpsError(
        'MESSAGE_TOO_LARGE',
        `a message of ${bytes} bytes is larger than the limit of ${maxMessageBytes}`,
        { details: { bytes, maxMessageBytes } },
      )
    }
    this.#outgoing.push(json)
    this.#unread.push(bytes)
    this.#unreadBytes += bytes
    if (this.#unreadBytes > maxUnreadBytes) {
      this.end(lostError(`the peer left ${this.#unreadBytes} bytes unread`))
      return true
    }
    this.#flushSoon()
    if (this.#unreadBytes <= HOLD_BACK_BYTES) return true
    this.#mustDrain = true
    return false
  }

  async flush(): Promise<void> {
    this.#flush()
    if (!this.#closed) await this.#wire.flush()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliverSoon()
  }

  ref(): void {
    if (!this.#closed) this.#alive.ref()
  }

  unref(): void {
    this.#alive.unref()
  }

  close(): void {
    this.end()
  }

  /** Tells the peer of a frame that is none of its. */
  reportInvalid(reason: Invalid): void {
    this.#flush()
    if (!this.#closed) this.#wire.notify('rpc.invalid', { channel: this.#id, reason })
  }

  /** Tells the peer that no more will be sent, while it may still answer. */
  reportEnd(): void {
    this.#flush()
    if (!this.#closed) this.#wire.notify('rpc.end', { channel: this.#id })
  }

  /** Something has come for this channel. */
  onFrame(method: string, params: Readonly<Record<string, unknown>>): void {
    if (method === RPC_DATA) {
      if (!Array.isArray(params['messages'])) return
      for (const message of params['messages'] as RpcMessage[]) this.#take(message)
    } else if (method === 'rpc.read') this.#onRead(Number(params['count']))
    else if (method === 'rpc.invalid') this.#receiver?.onInvalid(toInvalid(params['reason']))
    else if (method === 'rpc.end') this.#peerEnded = true
    else if (method === 'rpc.close') {
      const { error } = params
      this.#peerClosed ??= { error: typeof error === 'string' ? lostError(error) : undefined }
    }
    this.#deliverSoon()
  }

  /** Ends the connection. What is queued is sent first where this is in order. */
  end(error?: Error): void {
    if (this.#closed) return
    if (error === undefined) this.#flush()
    this.#closed = true
    if (this.#peerClosed === undefined)
      this.#wire.notify('rpc.close', { channel: this.#id, error: error?.message })
    this.#alive.unref()
    this.#wire.forget()
    queueMicrotask(() => this.#receiver?.onClose(error))
  }

  #onRead(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) return
    for (const bytes of this.#unread.splice(0, count)) this.#unreadBytes -= bytes
    if (!this.#mustDrain || this.#unreadBytes > HOLD_BACK_BYTES) return
    this.#mustDrain = false
    this.#receiver?.onDrain()
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#outgoing.length > 0 && !this.#closed) {
      let count = 0
      let length = 0
      for (const json of this.#outgoing) {
        if (count > 0 && length + json.length > MAX_FRAME_BYTES) break
        count += 1
        length += json.length
      }
      const jsons = this.#outgoing.splice(0, count)
      const params = `{"channel":${JSON.stringify(this.#id)},"messages":[${jsons.join(',')}]}`
      this.#wire.notify(RPC_DATA, new RawJson(params))
    }
  }

  #deliverSoon(): void {
    if (this.#isDelivering) return
    this.#isDelivering = true
    // In a later turn, as from a socket, when the receiver is set.
    setImmediate(() => {
      this.#isDelivering = false
      this.#deliver()
    })
  }

  #deliver(): void {
    let read = 0
    while (!this.#paused && !this.#closed && this.#incoming.length > 0) {
      const next = this.#incoming.shift()
      if (next === undefined) break
      read += 1
      this.#incomingBytes -= next.bytes
      if (next.bytes > this.#limits.maxMessageBytes) this.#receiver?.onInvalid('too-large')
      else this.#receiver?.onMessage(next.message)
    }
    if (this.#closed) return
    if (read > 0) this.#wire.notify('rpc.read', { channel: this.#id, count: read })
    if (this.#incoming.length > 0) return
    if (this.#peerClosed !== undefined) this.end(this.#peerClosed.error)
    else if (this.#peerEnded) {
      this.#peerEnded = false
      this.#receiver?.onEnd()
    }
  }

  #take(message: RpcMessage): void {
    const { maxUnreadBytes, maxMessageBytes } = this.#limits
    const bytes = Buffer.byteLength(JSON.stringify(message))
    this.#incoming.push({ message, bytes })
    this.#incomingBytes += bytes
    // A peer that minds what it is told has stopped long before.
    if (this.#incomingBytes > maxUnreadBytes + maxMessageBytes)
      this.end(lostError('the peer has sent more than may be left unread'))
  }
}

function toInvalid(reason: unknown): Invalid {
  return reason === 'too-large' || reason === 'bad-frame' ? reason : 'not-json'
}

function lostError(reason: string): CliOpsError {
  return new CliOpsError('CONNECTION_LOST', `the connection ended: ${reason}`)
}
