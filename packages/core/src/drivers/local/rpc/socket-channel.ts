import { afterPromises } from '../../../base/wait/next-turn.js'
import type { Socket } from 'node:net'

import { DeliveryLoop, type DeliverySource } from '../../../driver-kit/delivery-loop.js'
import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { parseJson } from '../../../base/validation/parse-json.js'
import type {
  RpcChannel,
  RpcLimits,
  RpcMessage,
  RpcReceiver,
} from '../../../rpc/contract/rpc-driver.js'
import { FrameDecoder, type Framing } from './frame-decoder.js'
import { clearTimeout, setTimeout } from '../../../base/wait/own-timers.js'

/** More than this is written immediately instead of at the end of the tick, so that back-pressure takes effect. */
const FLUSH_BYTES = 64 * 1024
/** The maximum of one read; a peer that fills it has more to send. */
const READ_BYTES = 64 * 1024
/** Full reads before other connections get a turn. libuv alone would do 32; stopping and restarting costs as much as a read. */
const MAX_FULL_READS = 4
/** A peer that does not read the last messages within this time loses them. */
const CLOSE_TIMEOUT_MS = 1_000

/** A connection over a Unix socket or a named pipe. */
export class SocketChannel implements RpcChannel, DeliverySource {
  readonly #socket: Socket
  readonly #limits: RpcLimits
  readonly #decoder: FrameDecoder
  readonly #delivery = new DeliveryLoop(this)
  #receiver: RpcReceiver | undefined
  /** Framed messages of this tick; they leave in one write. */
  #outgoing = ''
  #flushScheduled = false
  #fullReads = 0
  #congested = false
  #peerEnded = false
  #closing = false
  #error: Error | undefined

  /** `framing` is omitted if the peer decides it with its first byte. */
  constructor(socket: Socket, limits: RpcLimits, framing?: Framing) {
    this.#socket = socket
    this.#limits = limits
    this.#decoder = new FrameDecoder(limits.maxMessageBytes, framing)
    socket.on('data', (chunk: Buffer) => {
      if (this.#closing) return
      this.#decoder.push(chunk)
      this.#delivery.run()
      this.#fullReads = chunk.length < READ_BYTES ? 0 : this.#fullReads + 1
      if (this.#fullReads < MAX_FULL_READS) return
      this.#fullReads = 0
      this.#delivery.runLater()
    })
    socket.on('end', () => {
      this.#peerEnded = true
      // Detects a peer that has gone rather than only ended its side: this sends nothing, but fails.
      if (!this.#closing && socket.writable) socket.write('')
      if (this.#delivery.isIdle) this.#endWhenRead()
    })
    socket.on('drain', () => {
      this.#congested = false
      this.#receiver?.onDrain()
    })
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('close', () => {
      this.#closing = true
      this.#receiver?.onClose(this.#error)
    })
  }

  receive(receiver: RpcReceiver): void {
    this.#receiver = receiver
  }

  send(message: RpcMessage): boolean {
    if (this.#closing) return true
    const json = JSON.stringify(message)
    const bytes = this.#measure(json)
    if (bytes > this.#limits.maxMessageBytes) {
      throw new CliOpsError(
        'MESSAGE_TOO_LARGE',
        `a message of ${bytes} bytes is larger than the limit of ${this.#limits.maxMessageBytes}`,
        { details: { bytes, maxMessageBytes: this.#limits.maxMessageBytes } },
      )
    }
    this.#outgoing +=
      this.#decoder.framing === 'content-length'
        ? `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`
        : `${json}\n`
    if (this.#outgoing.length >= FLUSH_BYTES) this.#flush()
    else this.#scheduleFlush()
    return !this.#congested
  }

  flush(): Promise<void> {
    this.#flush()
    if (this.#socket.destroyed || this.#socket.writableLength === 0) return Promise.resolve()
    return new Promise((resolve) => {
      // Also called, with an error, if the socket ends first.
      this.#socket.write('', () => {
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

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  close(): void {
    if (this.#closing) return
    this.#flush()
    this.#closing = true
    if (this.#socket.destroyed) return
    this.#socket.destroySoon()
    const timer = setTimeout(() => {
      this.#socket.destroy()
    }, CLOSE_TIMEOUT_MS)
    timer.unref()
    this.#socket.once('close', () => {
      clearTimeout(timer)
    })
  }

  holdBack(): void {
    this.#socket.pause()
  }

  readOn(): void {
    if (this.#closing) return
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#endWhenRead()
  }

  deliverNext(): number {
    if (this.#closing) return 0
    const frame = this.#decoder.next()
    if (frame === undefined) return 0
    if (typeof frame === 'string') return this.#deliverText(frame)
    this.#receiver?.onInvalid(frame.broken)
    // A refused body is not skipped: it can be gigabytes.
    if (this.#decoder.failed) this.close()
    return 1
  }

  /** Returns an upper bound if that proves the message is within the limit, else its size. */
  #measure(json: string): number {
    const atMost = json.length * 3
    return atMost <= this.#limits.maxMessageBytes ? atMost : Buffer.byteLength(json)
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    // After all promises of this tick have settled, so that the replies to a batch of requests leave together.
    afterPromises(this.#flushNow)
  }

  readonly #flushNow = (): void => {
    this.#flush()
  }

  #flush(): void {
    this.#flushScheduled = false
    if (this.#outgoing === '' || this.#closing) return
    const text = this.#outgoing
    this.#outgoing = ''
    if (!this.#socket.write(text)) this.#congested = true
    const { maxUnreadBytes } = this.#limits
    if (this.#socket.writableLength > maxUnreadBytes) {
      this.#closing = true
      this.#socket.destroy(
        new CliOpsError(
          'CONNECTION_LOST',
          `the peer left more than ${maxUnreadBytes} bytes unread`,
          { details: { maxUnreadBytes } },
        ),
      )
    }
  }

  #endWhenRead(): void {
    if (!this.#peerEnded || this.#closing) return
    this.#peerEnded = false
    const last = this.#decoder.takeLast()
    if (last !== undefined) this.#deliverText(last)
    this.#receiver?.onEnd()
  }

  #deliverText(text: string): number {
    let message: unknown
    try {
      message = parseJson(text)
    } catch {
      this.#receiver?.onInvalid('not-json')
      return 1
    }
    this.#receiver?.onMessage(message)
    // Each entry of a batch costs a reply.
    return Array.isArray(message) ? Math.max(1, message.length) : 1
  }
}
