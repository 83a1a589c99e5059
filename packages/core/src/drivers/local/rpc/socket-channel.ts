import type { Socket } from 'node:net'

import { CliOpsError } from '../../../errors/cli-ops-error.js'
import { parseJson } from '../../../validation/parse-json.js'
import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../../rpc-driver.js'
import { FrameDecoder, type Framing } from './frame-decoder.js'

/** More than this is written at once instead of at the end of the tick, so that back-pressure is felt. */
const FLUSH_BYTES = 64 * 1024
/** What one read takes at most; a peer that fills it has more to say. */
const READ_BYTES = 64 * 1024
/** Messages of one peer that are taken in one turn; a single read may hold thirty thousand. */
const TURN_MESSAGES = 128
/** What is no JSON costs an exception, and so as much as these. */
const REFUSED_MESSAGES = 8
/** A peer that does not read the last messages within this time loses them. */
const CLOSE_TIMEOUT_MS = 1_000

/** A connection over a Unix socket or a named pipe. */
export class SocketChannel implements RpcChannel {
  readonly #socket: Socket
  readonly #limits: RpcLimits
  readonly #decoder: FrameDecoder
  #receiver: RpcReceiver | undefined
  /** Messages of this tick, framed; they leave in one write. */
  #outgoing = ''
  #flushScheduled = false
  #congested = false
  #paused = false
  #givingWay = false
  #peerEnded = false
  #delivering = false
  #closing = false
  #error: Error | undefined

  /** `framing` is left out where the peer decides it by its first byte. */
  constructor(socket: Socket, limits: RpcLimits, framing?: Framing) {
    this.#socket = socket
    this.#limits = limits
    this.#decoder = new FrameDecoder(limits.maxMessageBytes, framing)
    socket.on('data', (chunk: Buffer) => {
      if (this.#closing) return
      this.#decoder.push(chunk)
      this.#deliver()
      if (chunk.length >= READ_BYTES) this.#giveWay()
    })
    socket.on('end', () => {
      this.#peerEnded = true
      // A peer that is gone, and has not only ended its side, is found out by this: nothing is sent, but it fails.
      if (!this.#closing && socket.writable) socket.write('')
      this.#deliver()
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
      // Also called, with an error, when the socket ends first.
      this.#socket.write('', () => {
        resolve()
      })
    })
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    // What has been read comes first: more would only pile up behind it.
    this.#deliver()
    this.#resumeSocket()
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

  /**
   * Lets the others have their turn before more is taken from this peer. Without it one that pours out megabytes, or
   * tiny messages, holds everybody up for as long as it takes to read them.
   */
  #giveWay(): void {
    if (this.#givingWay) return
    this.#givingWay = true
    this.#socket.pause()
    setImmediate(() => {
      this.#givingWay = false
      this.#deliver()
      this.#resumeSocket()
    })
  }

  #resumeSocket(): void {
    if (!this.#paused && !this.#givingWay && !this.#socket.destroyed) this.#socket.resume()
  }

  /** An upper bound where that is enough to see that the message is within the limit, else its size. */
  #measure(json: string): number {
    const atMost = json.length * 3
    return atMost <= this.#limits.maxMessageBytes ? atMost : Buffer.byteLength(json)
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    // After all promises of this tick have settled, so that the replies of a batch of requests leave together.
    process.nextTick(this.#flushNow)
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

  #deliver(): void {
    // A receiver may resume from within onMessage; the loop that is running goes on by itself.
    if (this.#delivering) return
    this.#delivering = true
    try {
      let taken = 0
      while (!this.#paused && !this.#closing && !this.#givingWay) {
        const frame = this.#decoder.next()
        if (frame === undefined) break
        taken += this.#deliverFrame(frame) ? 1 : REFUSED_MESSAGES
        if (taken >= TURN_MESSAGES) this.#giveWay()
      }
    } finally {
      this.#delivering = false
    }
    if (this.#peerEnded && !this.#paused && !this.#closing && !this.#givingWay) {
      this.#peerEnded = false
      this.#receiver?.onEnd()
    }
  }

  /** Returns false for what is no message. */
  #deliverFrame(frame: NonNullable<ReturnType<FrameDecoder['next']>>): boolean {
    if (typeof frame !== 'string') {
      this.#receiver?.onInvalid(frame.broken)
      // A body that was refused is not skipped: it may be gigabytes.
      if (this.#decoder.failed) this.close()
      return false
    }
    let message: unknown
    try {
      message = parseJson(frame)
    } catch {
      this.#receiver?.onInvalid('not-json')
      return false
    }
    this.#receiver?.onMessage(message)
    return true
  }
}
