import type { RpcLimits } from '../rpc/contract/rpc-driver.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { parseJson } from '../base/validation/parse-json.js'
import { CarriedChannel } from './carried-channel.js'

/** The wire between a channel and its other end. */
export interface ChannelWire {
  /** Sends a frame. Resolves to false if there is no receiver; rejects if that is unknown. */
  send(frame: string): Promise<boolean>
  /** Called when the channel has ended. */
  forget(): void
}

/**
 * One end of a connection whose frames an engine relays. The engine can lose frames, so messages are numbered: a missing one ends the
 * connection, as a broken socket would.
 */
export class RelayedChannel extends CarriedChannel {
  readonly #wire: ChannelWire
  readonly #peerId: string
  /** Numbers of the last message posted, read by the peer, received, and read here. */
  #postedSeq = 0
  #peerReadSeq = 0
  #receivedSeq = 0
  #readSeq = 0
  #posting: Promise<unknown> = Promise.resolve()
  #heardAt = monotonicMs()

  constructor(wire: ChannelWire, peerId: string, limits: RpcLimits) {
    super(limits)
    this.#wire = wire
    this.#peerId = peerId
  }

  /** Handles a frame, given its kind, number and messages. */
  onFrame(kind: string, seq: number, jsons: readonly string[]): void {
    this.#heardAt = monotonicMs()
    if (kind === 'data') this.#onData(seq, jsons)
    else if (kind === 'read') this.#onReadUpTo(seq)
    else if (kind === 'pulse' && seq > this.#receivedSeq) this.lose('messages were lost')
    else if (kind === 'close')
      this.onPeerClose(seq > this.#receivedSeq ? 'messages were lost' : undefined)
  }

  /** Signals that this end is alive, and checks that the other end is. */
  pulse(leaseMs: number): void {
    if (this.isClosed) return
    if (monotonicMs() - this.#heardAt > leaseMs) {
      this.lose(`nothing was heard for ${leaseMs} ms`)
      return
    }
    this.postQueued()
    this.#post(`pulse ${this.#peerId} ${this.#postedSeq}`)
  }

  protected postMessages(jsons: readonly string[]): void {
    const first = this.#postedSeq + 1
    this.#postedSeq += jsons.length
    this.#post(`data ${this.#peerId} ${first}\n${jsons.join('\n')}`)
  }

  protected postRead(count: number): void {
    this.#readSeq += count
    this.#post(`read ${this.#peerId} ${this.#readSeq}`)
  }

  protected postClose(): void {
    // If messages are still queued, the other end detects that it has lost them.
    this.#post(`close ${this.#peerId} ${this.#postedSeq + this.queuedCount}`)
  }

  protected async posted(): Promise<void> {
    await this.#posting
  }

  protected forget(): void {
    this.#wire.forget()
  }

  #onData(first: number, jsons: readonly string[]): void {
    if (first !== this.#receivedSeq + 1) {
      this.lose('messages were lost')
      return
    }
    this.#receivedSeq = first + jsons.length - 1
    for (const json of jsons) this.take(Buffer.byteLength(json), () => parseJson(json))
  }

  #onReadUpTo(seq: number): void {
    const upTo = Math.min(seq, this.#postedSeq)
    if (!(upTo > this.#peerReadSeq)) return
    this.onRead(upTo - this.#peerReadSeq)
    this.#peerReadSeq = upTo
  }

  #post(frame: string): void {
    const sent = this.#wire.send(frame).then(
      (isThere) => {
        if (!isThere) this.lose('the peer is gone')
      },
      (error: unknown) => {
        this.lose(error instanceof Error ? error.message : String(error))
      },
    )
    this.#posting = Promise.all([this.#posting, sent])
  }
}
