import type { Socket } from 'node:net'

import { CliOpsError } from '../../../errors/cli-ops-error.js'
import { parseJson } from '../../../validation/parse-json.js'
import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../../rpc-driver.js'
import type { FairTurns, TurnTaker } from './fair-turns.js'
import { type BrokenFrame, FrameDecoder, type Framing } from './frame-decoder.js'

/** More than this is written at once instead of at the end of the tick, so that back-pressure is felt. */
const FLUSH_BYTES = 64 * 1024
/** What one read takes at most; a peer that fills it has more to say. */
const READ_BYTES = 64 * 1024
/** A chunk up to this size with one message in it is what most peers send: it is taken at once. */
const SMALL_BYTES = 4 * 1024
/** Messages are worth one, and one more for each of these. */
const BYTES_OF_WORTH = 2 * 1024
/** What is no message costs an exception or an error reply, and so as much as these. */
const REFUSED_WORTH = 8
/** What it takes to read and drop a chunk. */
const READ_WORTH = 16
/** As many more refused messages than good ones are a mistake; more are an attack. */
const DISTRUSTED_REFUSALS = 8
const MAX_REFUSALS = 1_000
/** A peer that does not read the last messages within this time loses them. */
const CLOSE_TIMEOUT_MS = 1_000

/** A connection over a Unix socket or a named pipe. */
export class SocketChannel implements RpcChannel, TurnTaker {
  readonly #socket: Socket
  readonly #limits: RpcLimits
  readonly #turns: FairTurns
  readonly #decoder: FrameDecoder
  #receiver: RpcReceiver | undefined
  /** Messages of this tick, framed; they leave in one write. */
  #outgoing = ''
  #flushScheduled = false
  #congested = false
  #paused = false
  /** In line for a turn; nothing is read meanwhile. */
  #waiting = false
  /** The last read was full, so that there is more to read. */
  #hasMore = false
  /** Refused messages less good ones, never below zero. */
  #refusals = 0
  /** Those of the message that is being delivered; a batch may have many. */
  #refused = 0
  #peerEnded = false
  #delivering = false
  #closing = false
  #error: Error | undefined

  /** `framing` is left out where the peer decides it by its first byte. */
  constructor(socket: Socket, limits: RpcLimits, turns: FairTurns, framing?: Framing) {
    this.#socket = socket
    this.#limits = limits
    this.#turns = turns
    turns.enter()
    this.#decoder = new FrameDecoder(limits.maxMessageBytes, framing)
    socket.on('data', (chunk: Buffer) => {
      if (this.#closing) return
      this.#decoder.push(chunk)
      this.#hasMore = chunk.length >= READ_BYTES
      if (this.isDistrusted) this.#wait()
      else this.#takeAtOnce(chunk.length <= SMALL_BYTES ? 1 : 0)
    })
    socket.on('end', () => {
      this.#peerEnded = true
      // A peer that is gone, and has not only ended its side, is found out by this: nothing is sent, but it fails.
      if (!this.#closing && socket.writable) socket.write('')
      this.#endWhenRead()
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
      turns.leave()
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
    if (this.isDistrusted && !this.#decoder.isEmpty) this.#wait()
    else this.#takeAtOnce(1)
    this.#resumeSocket()
  }

  get isDistrusted(): boolean {
    return this.#refusals >= DISTRUSTED_REFUSALS
  }

  takeTurn(share: number): number {
    this.#waiting = false
    if (this.#paused || this.#closing) return 0
    let taken = this.#deliver(share)
    if (taken >= share && !this.#decoder.isEmpty) this.#wait()
    else {
      if (this.#hasMore) taken += READ_WORTH
      this.#endWhenRead()
    }
    this.#resumeSocket()
    return taken
  }

  noteRefusal(): void {
    this.#refused += 1
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

  /** Waits for a turn before more is taken from this peer. */
  #wait(): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#socket.pause()
    this.#turns.wait(this)
  }

  #resumeSocket(): void {
    if (!this.#paused && !this.#waiting && !this.#socket.destroyed) this.#socket.resume()
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

  /** Takes what others need not be asked for: a little, and then as much as all together may take. */
  #takeAtOnce(free: number): void {
    if (this.#delivering || this.#waiting) return
    this.#turns.noteTrusted()
    if (free > 0) this.#deliver(free)
    if (!this.#decoder.isEmpty && !this.#paused && !this.#closing) {
      const allowance = this.#turns.allowance
      const taken = allowance > 0 ? this.#deliver(allowance) : 0
      if (taken > 0) this.#turns.spend(taken)
      if (taken >= allowance && !this.#decoder.isEmpty) this.#wait()
    }
    if (this.#hasMore) this.#wait()
    this.#endWhenRead()
  }

  /** Delivers messages worth as much, the last of which may be worth more; returns what they were worth. */
  #deliver(share: number): number {
    // A receiver may resume from within onMessage; the loop that is running goes on by itself.
    if (this.#delivering) return 0
    this.#delivering = true
    let taken = 0
    try {
      while (taken < share && !this.#paused && !this.#closing) {
        const frame = this.#decoder.next()
        if (frame === undefined) {
          if (this.#decoder.isSkipping) this.#distrust()
          break
        }
        taken += this.#deliverFrame(frame)
      }
    } finally {
      this.#delivering = false
    }
    return taken
  }

  #endWhenRead(): void {
    if (!this.#peerEnded || this.#paused || this.#waiting || this.#closing) return
    this.#peerEnded = false
    this.#receiver?.onEnd()
  }

  /** Returns what it was worth. */
  #deliverFrame(frame: NonNullable<ReturnType<FrameDecoder['next']>>): number {
    this.#refused = 0
    const worth = typeof frame === 'string' ? this.#deliverText(frame) : this.#refuseFrame(frame)
    if (this.#refused === 0) {
      if (this.#refusals > 0) this.#refusals -= 1
      return worth
    }
    this.#refusals += this.#refused
    if (this.#refusals > MAX_REFUSALS) this.close()
    return worth + this.#refused * REFUSED_WORTH
  }

  #deliverText(text: string): number {
    let message: unknown
    try {
      message = parseJson(text)
    } catch {
      this.noteRefusal()
      this.#receiver?.onInvalid('not-json')
      return 0
    }
    this.#receiver?.onMessage(message)
    const count = Array.isArray(message) ? message.length : 1
    return count + Math.floor(text.length / BYTES_OF_WORTH)
  }

  #refuseFrame({ broken }: BrokenFrame): number {
    this.noteRefusal()
    this.#receiver?.onInvalid(broken)
    // A body that was refused is not skipped: it may be gigabytes.
    if (this.#decoder.failed) this.close()
    return 0
  }

  /** What is dropped is no message either, but a line of any length ends some time. */
  #distrust(): void {
    if (!this.isDistrusted) this.#refusals += 1
  }
}
