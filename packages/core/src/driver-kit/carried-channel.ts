import { afterThis } from '../base/wait/next-turn.js'
import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../rpc/contract/rpc-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { DeliveryLoop, type DeliverySource } from './delivery-loop.js'
import { KeepAlive } from './keep-alive.js'

/** More than this unread makes the sender wait. */
const HOLD_BACK_BYTES = 64 * 1024
/** Frames this large, where many messages are sent at once. */
const MAX_FRAME_BYTES = 256 * 1024

/** A message that has come. */
interface Incoming {
  readonly bytes: number
  readonly read: () => RpcMessage
}

/**
 * One end of a connection that has no socket of its own: something that carries others as well takes its frames. It gathers what is
 * sent, hands out what has come, and holds a sender back by what the reader says that it has read. How that is written, and what has
 * come, is for each carrier to say.
 */
export abstract class CarriedChannel implements RpcChannel, DeliverySource {
  readonly #limits: RpcLimits
  readonly #alive = new KeepAlive()
  readonly #delivery = new DeliveryLoop(this)
  readonly #incoming: Incoming[] = []
  #incomingBytes = 0
  /** Messages that were delivered, of which the peer was not told. */
  #delivered = 0
  #receiver: RpcReceiver | undefined
  #outgoing: string[] = []
  /** Sizes of the messages that the peer has not read yet. */
  #unread: number[] = []
  #unreadBytes = 0
  #isFlushing = false
  #mustDrain = false
  #closed = false
  #peerEnded = false
  /** Set when the other end has closed; `error` where it did so out of order. */
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

  /** Ends the connection. What is queued is sent first where this is in order. */
  end(error?: Error): void {
    if (this.#closed) return
    if (error === undefined) this.postQueued()
    this.#closed = true
    if (this.#peerClosed === undefined) this.postClose(error)
    this.#alive.unref()
    this.forget()
    afterThis(() => this.#receiver?.onClose(error))
  }

  /** Ends the connection out of order. */
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

  /** The peer holds itself back: it counts what it was told that was read. */
  holdBack(): void {
    const count = this.#delivered
    if (count === 0 || this.#closed) return
    this.#delivered = 0
    this.postRead(count)
  }

  /** Sends messages, which are JSON. */
  protected abstract postMessages(jsons: readonly string[]): void
  /** Says that so many more messages were read. */
  protected abstract postRead(count: number): void
  /** Says that this end is closed. */
  protected abstract postClose(error?: Error): void
  /** Resolves when all that was posted has left this process, or the channel has ended. */
  protected abstract posted(): Promise<void>
  /** The channel has ended. */
  protected abstract forget(): void

  protected get isClosed(): boolean {
    return this.#closed
  }

  /** How many messages wait to be posted. */
  protected get queuedCount(): number {
    return this.#outgoing.length
  }

  /** Posts what is queued, so that what is posted next follows it. */
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

  /** A message has come. @param read makes it, when it is its turn; not called for one that is too large */
  protected take(bytes: number, read: () => RpcMessage): void {
    const { maxUnreadBytes, maxMessageBytes } = this.#limits
    this.#incoming.push({ bytes, read })
    this.#incomingBytes += bytes
    // A peer that minds what it is told has stopped long before.
    if (this.#incomingBytes > maxUnreadBytes + maxMessageBytes)
      this.lose('the peer has sent more than may be left unread')
    this.#delivery.runLater()
  }

  /** The peer has read so many more messages. */
  protected onRead(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) return
    for (const bytes of this.#unread.splice(0, count)) this.#unreadBytes -= bytes
    if (!this.#mustDrain || this.#unreadBytes > HOLD_BACK_BYTES) return
    this.#mustDrain = false
    this.#receiver?.onDrain()
  }

  /** A frame of the peer's own client was none. */
  protected onInvalid(reason: Parameters<RpcReceiver['onInvalid']>[0]): void {
    this.#receiver?.onInvalid(reason)
  }

  /** The peer sends no more, but may still read. */
  protected onPeerEnd(): void {
    this.#peerEnded = true
    this.#delivery.runLater()
  }

  /** The peer has closed its end. What has come is delivered before this one closes. @param reason where that was out of order */
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
      // An engine relays what anybody who may write to it has written.
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
