import { CliOpsError } from '../../errors/cli-ops-error.js'
import { parseJson } from '../../validation/parse-json.js'
import type { RpcChannel, RpcLimits, RpcMessage, RpcReceiver } from '../rpc-driver.js'

/** More than this unread makes the sender wait, as the buffers of a socket would. */
const HOLD_BACK_LENGTH = 64 * 1024

/** One end of a connection inside this process. Messages travel as JSON text, so that the ends share no object. */
export class MemoryChannel implements RpcChannel {
  readonly #limits: RpcLimits
  readonly #incoming: string[] = []
  #incomingLength = 0
  #peer: MemoryChannel | undefined
  #receiver: RpcReceiver | undefined
  #paused = false
  #scheduled = false
  #closed = false
  #peerClosed = false
  /** The other end was told to wait for `onDrain`. */
  #holdsBackPeer = false

  private constructor(limits: RpcLimits) {
    this.#limits = limits
  }

  /** Makes the two ends of a connection, each with the limits of its own side. */
  static pair(a: RpcLimits, b: RpcLimits): [MemoryChannel, MemoryChannel] {
    const ends: [MemoryChannel, MemoryChannel] = [new MemoryChannel(a), new MemoryChannel(b)]
    ends[0].#peer = ends[1]
    ends[1].#peer = ends[0]
    return ends
  }

  receive(receiver: RpcReceiver): void {
    this.#receiver = receiver
  }

  send(message: RpcMessage): boolean {
    const peer = this.#peer
    if (this.#closed || peer === undefined) return true
    const text = JSON.stringify(message)
    const { maxMessageBytes } = this.#limits
    const bytes = Buffer.byteLength(text)
    if (bytes > maxMessageBytes) {
      throw new CliOpsError(
        'MESSAGE_TOO_LARGE',
        `a message of ${bytes} bytes is larger than the limit of ${maxMessageBytes}`,
        { details: { bytes, maxMessageBytes } },
      )
    }
    peer.#incoming.push(text)
    peer.#incomingLength += text.length
    peer.#schedule()
    if (peer.#incomingLength > this.#limits.maxUnreadBytes) {
      this.#end(
        new CliOpsError('CONNECTION_LOST', `the peer left ${peer.#incomingLength} bytes unread`),
      )
      return true
    }
    if (peer.#incomingLength <= HOLD_BACK_LENGTH) return true
    peer.#holdsBackPeer = true
    return false
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  // A connection inside the process keeps nothing alive; the timers of pending requests do.
  ref(): void {
    return undefined
  }

  unref(): void {
    return undefined
  }

  close(): void {
    this.#end()
  }

  /** The other end has read what it was sent. */
  reportDrain(): void {
    this.#receiver?.onDrain()
  }

  #end(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    const peer = this.#peer
    if (peer !== undefined) {
      peer.#peerClosed = true
      peer.#schedule()
    }
    queueMicrotask(() => this.#receiver?.onClose(error))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // In a later turn, as from a socket: never within the call that sent it.
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed) {
      const text = this.#incoming.shift()
      if (text === undefined) break
      this.#incomingLength -= text.length
      if (Buffer.byteLength(text) > this.#limits.maxMessageBytes)
        this.#receiver?.onInvalid('too-large')
      else this.#receiver?.onMessage(parseJson(text))
    }
    if (this.#incoming.length > 0) return
    if (this.#holdsBackPeer) {
      this.#holdsBackPeer = false
      this.#peer?.reportDrain()
    }
    if (this.#peerClosed) this.#end()
  }
}
