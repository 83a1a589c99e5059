import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../drivers/rpc-driver.js'
import { CliOpsError } from '../errors/cli-ops-error.js'
import { monotonicMs } from '../process/monotonic-time.js'
import { parseJson } from '../validation/parse-json.js'
import { KeepAlive } from './keep-alive.js'

/** More than this unread makes the sender wait. */
const HOLD_BACK_BYTES = 64 * 1024
/** Frames this large, where many messages are sent at once. */
const MAX_FRAME_BYTES = 256 * 1024

/** How a channel reaches its other end. */
export interface ChannelWire {
  /** Sends a frame. Resolves to false where nobody is there; rejects where nobody knows. */
  send(frame: string): Promise<boolean>
  /** The channel has ended. */
  forget(): void
}

/** A message on its way. */
interface Sent {
  readonly seq: number
  readonly bytes: number
}

/**
 * One end of a connection whose frames an engine relays. It may lose frames, so messages are numbered: the first one that is
 * missing ends the connection, as a broken socket would. The reader says how far it has read, which is what holds a sender back.
 */
export class RelayedChannel implements RpcChannel {
  readonly #wire: ChannelWire
  readonly #peerId: string
  readonly #limits: RpcLimits
  readonly #alive = new KeepAlive()
  readonly #incoming: string[] = []
  #receiver: RpcReceiver | undefined
  #outgoing: string[] = []
  #unread: Sent[] = []
  #unreadBytes = 0
  #sentSeq = 0
  #receivedSeq = 0
  #toldSeq = 0
  #isFlushing = false
  #sending: Promise<unknown> = Promise.resolve()
  #isDelivering = false
  #mustDrain = false
  #paused = false
  #closed = false
  /** Set when the other end has closed; `error` where it did so out of order. */
  #peerClosed: { readonly error: Error | undefined } | undefined
  #heardAt = monotonicMs()

  constructor(wire: ChannelWire, peerId: string, limits: RpcLimits) {
    this.#wire = wire
    this.#peerId = peerId
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
    this.#sentSeq += 1
    this.#outgoing.push(json)
    this.#unread.push({ seq: this.#sentSeq, bytes })
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
    await this.#sending
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

  /** A frame has come: its kind, its number, and its messages. */
  onFrame(kind: string, seq: number, jsons: readonly string[]): void {
    this.#heardAt = monotonicMs()
    if (kind === 'data') this.#onData(seq, jsons)
    else if (kind === 'read') this.#onRead(seq)
    else if (kind === 'pulse' && seq > this.#receivedSeq) this.end(lostError('messages were lost'))
    else if (kind === 'close') {
      this.#peerClosed ??= {
        error: seq > this.#receivedSeq ? lostError('messages were lost') : undefined,
      }
      this.#deliverSoon()
    }
  }

  /** Says that this end is there, and looks whether the other one is. */
  pulse(leaseMs: number): void {
    if (this.#closed) return
    if (monotonicMs() - this.#heardAt > leaseMs) {
      this.end(lostError(`nothing was heard for ${leaseMs} ms`))
      return
    }
    this.#flush()
    this.#post(`pulse ${this.#peerId} ${this.#sentSeq}`)
  }

  /** Ends the connection. What is queued is sent first where this is in order. */
  end(error?: Error): void {
    if (this.#closed) return
    if (error === undefined) this.#flush()
    this.#closed = true
    this.#post(`close ${this.#peerId} ${this.#sentSeq}`)
    this.#alive.unref()
    this.#wire.forget()
    queueMicrotask(() => this.#receiver?.onClose(error))
  }

  #onData(first: number, jsons: readonly string[]): void {
    if (first > this.#receivedSeq + 1) {
      this.end(lostError('messages were lost'))
      return
    }
    this.#receivedSeq = first + jsons.length - 1
    this.#incoming.push(...jsons)
    this.#deliverSoon()
  }

  #onRead(seq: number): void {
    while (this.#unread[0] !== undefined && this.#unread[0].seq <= seq) {
      this.#unreadBytes -= this.#unread.shift()?.bytes ?? 0
    }
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
      const first = this.#sentSeq - this.#outgoing.length + 1
      let count = 0
      let length = 0
      for (const json of this.#outgoing) {
        if (count > 0 && length + json.length > MAX_FRAME_BYTES) break
        count += 1
        length += json.length
      }
      const jsons = this.#outgoing.splice(0, count)
      this.#post(`data ${this.#peerId} ${first}\n${jsons.join('\n')}`)
    }
  }

  #post(frame: string): void {
    const sent = this.#wire.send(frame).then(
      (isThere) => {
        if (!isThere) this.end(lostError('the peer is gone'))
      },
      (error: unknown) => {
        this.end(lostError(error instanceof Error ? error.message : String(error)))
      },
    )
    this.#sending = Promise.all([this.#sending, sent])
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
    const { maxMessageBytes } = this.#limits
    while (!this.#paused && !this.#closed) {
      const json = this.#incoming.shift()
      if (json === undefined) break
      if (Buffer.byteLength(json) > maxMessageBytes) this.#receiver?.onInvalid('too-large')
      else this.#receiver?.onMessage(parseJson(json))
    }
    if (this.#closed) return
    const readSeq = this.#receivedSeq - this.#incoming.length
    if (readSeq > this.#toldSeq) {
      this.#toldSeq = readSeq
      this.#post(`read ${this.#peerId} ${readSeq}`)
    }
    if (this.#incoming.length === 0 && this.#peerClosed !== undefined)
      this.end(this.#peerClosed.error)
  }
}

function lostError(reason: string): CliOpsError {
  return new CliOpsError('CONNECTION_LOST', `the connection ended: ${reason}`)
}
