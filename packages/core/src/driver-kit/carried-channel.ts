import { afterThis } from '../base/wait/next-turn.js'
import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../rpc/contract/rpc-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { DeliveryLoop, type DeliverySource } from './delivery-loop.js'
import { KeepAlive } from './keep-alive.js'

/** Above this many unread bytes, the sender waits. */
const HOLD_BACK_BYTES = 64 * 1024
/** Maximum frame size when many messages are sent together. */
const MAX_FRAME_BYTES = 256 * 1024

/** A received message. */
interface Incoming {
  readonly bytes: number
  readonly read: () => RpcMessage
}

/**
 * One end of a connection without its own socket: a shared carrier transports its frames. It batches outgoing messages, delivers
 * incoming ones, and throttles the sender by what the reader acknowledges. Each carrier defines how to write and receive frames.
 */
export abstract class CarriedChannel implements RpcChannel, DeliverySource {
  readonly #limits: RpcLimits
  readonly #alive = new KeepAlive()
  readonly #delivery = new DeliveryLoop(this)
  readonly #incoming: Incoming[] = []
  #incomingBytes = 0
  /** Delivered messages that the peer has not been told about. */
  #delivered = 0
  #receiver: RpcReceiver | undefined
  #outgoing: string[] = []
  /** Sizes of the messages that the peer has not yet read. */
  #unread: number[] = []
  #unreadBytes = 0
  #isFlushing = false
  #mustDrain = false
  #closed = false
  #peerEnded = false
  /** Set when the other end has closed; `error` if that was not an orderly close. */
  #peerClosed: { readonly error: Error | undefined } | undefined

  constructor(limits: RpcLimits) {
    this.#limits = limits
    this.ref()
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
      this.lose(`the peer left ${this.#unreadBytes} bytes unread`)
      return true
    }
    this.#flushSoon()
    if (this.#unreadBytes <= HOLD_BACK_BYTES) return true
    this.#mustDrain = true
    return false
  }

  async flush(): Promise<void> {
    this.postQueued()
    await this.posted()
  }

  pause(): void {
    this.#delivery.pause()
  }

  resume(): void {
    this.#delivery.resume()
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

  /** Ends the connection. Sends queued messages first, unless there is an error. */
  end(error?: Error): void {
    if (this.#closed) return
    if (error === undefined) this.postQueued()
    this.#closed = true
    if (this.#peerClosed === undefined) this.postClose(error)
    this.#alive.unref()
    this.forget()
    afterThis(() => this.#receiver?.onClose(error))
  }

  /** Ends the connection with an error. */
  lose(reason: string): void {
    this.end(lostError(reason))
  }

  deliverNext(): number {
    const next = this.#closed ? undefined : this.#incoming.shift()
    if (next === undefined) return 0
    this.#incomingBytes -= next.bytes
    this.#delivered += 1
    this.#deliver(next)
    return 1
  }

  readOn(): void {
    this.holdBack()
    this.#endWhenRead()
  }

  /** Acknowledges delivered messages, which is how the peer throttles itself. */
  holdBack(): void {
    const count = this.#delivered
    if (count === 0 || this.#closed) return
    this.#delivered = 0
    this.postRead(count)
  }

  /** Sends messages as JSON. */
  protected abstract postMessages(jsons: readonly string[]): void
  /** Acknowledges this many more messages as read. */
  protected abstract postRead(count: number): void
  /** Reports that this end is closed. */
  protected abstract postClose(error?: Error): void
  /** Resolves when everything posted has left this process, or the channel has ended. */
  protected abstract posted(): Promise<void>
  /** The channel has ended. */
  protected abstract forget(): void

  protected get isClosed(): boolean {
    return this.#closed
  }

  /** Number of messages that wait to be posted. */
  protected get queuedCount(): number {
    return this.#outgoing.length
  }

  /** Posts the queued messages, so that the next post follows them. */
  protected postQueued(): void {
    while (this.#outgoing.length > 0 && !this.#closed) {
      let count = 0
      let length = 0
      for (const json of this.#outgoing) {
        if (count > 0 && length + json.length > MAX_FRAME_BYTES) break
        count += 1
        length += json.length
      }
      this.postMessages(this.#outgoing.splice(0, count))
    }
  }

  /** Accepts a received message. @param read parses it when its turn comes; not called if it is too large */
  protected take(bytes: number, read: () => RpcMessage): void {
    const { maxUnreadBytes, maxMessageBytes } = this.#limits
    this.#incoming.push({ bytes, read })
    this.#incomingBytes += bytes
    // A peer that respects the limits would have stopped long before.
    if (this.#incomingBytes > maxUnreadBytes + maxMessageBytes)
      this.lose('the peer has sent more than the limit for unread messages')
    this.#delivery.runLater()
  }

  /** Called when the peer has read this many more messages. */
  protected onRead(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) return
    for (const bytes of this.#unread.splice(0, count)) this.#unreadBytes -= bytes
    if (!this.#mustDrain || this.#unreadBytes > HOLD_BACK_BYTES) return
    this.#mustDrain = false
    this.#receiver?.onDrain()
  }

  /** Called for an invalid frame from the peer's own client. */
  protected onInvalid(reason: Parameters<RpcReceiver['onInvalid']>[0]): void {
    this.#receiver?.onInvalid(reason)
  }

  /** Called when the peer sends no more but might still read. */
  protected onPeerEnd(): void {
    this.#peerEnded = true
    this.#delivery.runLater()
  }

  /**
   * Called when the peer has closed its end. Received messages are delivered before this end closes.
   * @param reason why it was not an orderly close
   */
  protected onPeerClose(reason?: string): void {
    this.#peerClosed ??= { error: reason === undefined ? undefined : lostError(reason) }
    this.#delivery.runLater()
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    afterThis(() => {
      this.#isFlushing = false
      this.postQueued()
    })
  }

  #deliver({ bytes, read }: Incoming): void {
    if (bytes > this.#limits.maxMessageBytes) {
      this.onInvalid('too-large')
      return
    }
    let message: RpcMessage
    try {
      message = read()
    } catch {
      // An engine relays the data of every client that can write to it.
      this.onInvalid('not-json')
      return
    }
    this.#receiver?.onMessage(message)
  }

  #endWhenRead(): void {
    if (this.#closed || this.#incoming.length > 0) return
    if (this.#peerClosed !== undefined) this.end(this.#peerClosed.error)
    else if (this.#peerEnded) {
      this.#peerEnded = false
      this.#receiver?.onEnd()
    }
  }
}

function lostError(reason: string): CliOpsError {
  return new CliOpsError('CONNECTION_LOST', `the connection ended: ${reason}`)
}
