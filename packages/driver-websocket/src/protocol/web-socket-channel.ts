import { once } from 'node:events'

import {
  CliOpsError,
  DeliveryLoop,
  type DeliverySource,
  monotonicMs,
  parseJson,
  type RpcChannel,
  type RpcLimits,
  type RpcMessage,
  type RpcReceiver,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import { encodeMessage } from './message.js'
import { CLOSE } from './protocol.js'

/** The code of an orderly end, and the one that stands for no code. */
const NORMAL = 1000
const NO_CODE = 1005

/** A peer that does not close its end within this time loses the last messages. */
const CLOSE_TIMEOUT_MS = 1_000

/**
 * More than a hub's limit of in-flight requests, so that the excess is refused immediately and not after all the
 * waiting ones.
 */
const SHARE = 1_280

/** A WebSocket as a channel of JSON-RPC messages, one text frame each. The socket itself limits the size of incoming messages. */
export class WebSocketChannel implements RpcChannel, DeliverySource {
  readonly #socket: WebSocket
  readonly #maxUnreadBytes: number
  readonly #delivery = new DeliveryLoop(this, SHARE)
  readonly #incoming: Buffer[] = []
  #receiver: RpcReceiver | undefined
  #heardAt = monotonicMs()
  #congested = false
  #closing = false
  #error: Error | undefined

  constructor(socket: WebSocket, { maxUnreadBytes }: Pick<RpcLimits, 'maxUnreadBytes'>) {
    this.#socket = socket
    this.#maxUnreadBytes = maxUnreadBytes
    const hear = (): void => {
      this.#heardAt = monotonicMs()
    }
    socket.on('ping', hear).on('pong', hear)
    socket.on('message', (data, isBinary) => {
      hear()
      if (isBinary) this.end(CLOSE.unsupported, 'messages are text')
      else this.#take(data as Buffer)
    })
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', (code, reason) => {
      this.#onClose(code, reason.toString('utf8'))
    })
  }

  /** When data last arrived from the peer, on the monotonic clock. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** Bytes that the peer has yet to read. */
  get unreadBytes(): number {
    return this.#socket.bufferedAmount
  }

  receive(receiver: RpcReceiver): void {
    this.#receiver = receiver
  }

  send(message: RpcMessage): boolean {
    if (this.#closing || this.#socket.readyState !== this.#socket.OPEN) return true
    this.#socket.send(encodeMessage(message), this.#onSent)
    if (this.unreadBytes > this.#maxUnreadBytes) {
      this.end(CLOSE.slowReader, 'too much was left unread')
      this.drop(`it left more than ${this.#maxUnreadBytes} bytes unread`)
      return true
    }
    // Far above what a fast peer leaves unread: a connection that is not read carries no renewals either.
    if (this.unreadBytes > this.#maxUnreadBytes / 2) this.#congested = true
    return !this.#congested
  }

  flush(): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve()
    // An unsolicited pong is allowed, and means nothing.
    return new Promise((resolve) => {
      this.#socket.pong('', undefined, () => {
        resolve()
      })
    })
  }

  pause(): void {
    this.#delivery.pause()
  }

  resume(): void {
    this.#delivery.resume()
  }

  // Waiting callers keep their process alive themselves, and a hub stays alive because it listens.
  ref(): void {
    return undefined
  }

  unref(): void {
    return undefined
  }

  close(): void {
    this.end(NORMAL, '')
  }

  /** Sends what is queued, then ends with a reason. Nothing more is delivered. */
  end(code: number, reason: string): void {
    if (this.#closing) return
    this.#closing = true
    if (code !== NORMAL) this.#error ??= new Error(`${reason} (${code})`)
    this.#socket.close(code, reason)
    // A peer that does not read does not see the close frame either.
    setTimeout(() => {
      this.#socket.terminate()
    }, CLOSE_TIMEOUT_MS).unref()
  }

  /** Ends immediately: an orderly end waits for a peer that might not answer. */
  drop(reason: string): void {
    this.#error = new CliOpsError('CONNECTION_LOST', reason)
    this.#closing = true
    this.#socket.terminate()
  }

  /** Asks the peer for a sign of life. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  /** Resolves once the peer has received everything sent before, or the connection has ended. */
  async roundTrip(): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const ended = new AbortController()
    const { signal } = ended
    this.#socket.ping()
    await Promise.race([
      once(this.#socket, 'pong', { signal }),
      once(this.#socket, 'close', { signal }),
    ]).catch(() => undefined)
    ended.abort()
  }

  deliverNext(): number {
    const data = this.#closing ? undefined : this.#incoming.shift()
    if (data === undefined) return 0
    let message: RpcMessage
    try {
      message = parseJson(data.toString('utf8'))
    } catch {
      this.#receiver?.onInvalid('not-json')
      return 1
    }
    this.#receiver?.onMessage(message)
    // Each entry of a batch costs a reply.
    return Array.isArray(message) ? Math.max(1, message.length) : 1
  }

  holdBack(): void {
    this.#socket.pause()
  }

  readOn(): void {
    if (this.#socket.isPaused) this.#socket.resume()
  }

  #take(data: Buffer): void {
    this.#incoming.push(data)
    // By then, everything from one read has arrived.
    if (this.#incoming.length === 1) process.nextTick(this.#deliver)
  }

  readonly #deliver = (): void => {
    this.#delivery.run()
  }

  readonly #onSent = (): void => {
    if (!this.#congested || this.unreadBytes > this.#maxUnreadBytes / 4) return
    this.#congested = false
    this.#receiver?.onDrain()
  }

  #onClose(code: number, reason: string): void {
    // Messages from before the end count, in order with it.
    while (this.deliverNext() > 0);
    this.#closing = true
    if (code !== NORMAL && code !== NO_CODE) this.#error ??= new Error(endText(code, reason))
    this.#receiver?.onClose(this.#error)
  }
}

function endText(code: number, reason: string): string {
  if (reason !== '') return `it ended the connection: ${reason}`
  return code === 1006 ? 'the connection was lost' : `it ended the connection (${code})`
}
