import type { WireReply } from './contract/json-rpc.js'

/** A batch is one message, but each entry costs a reply; a megabyte can hold half a million entries. */
export const MAX_BATCH_LENGTH = 1000

/** Collects the replies to one batch and sends them together once the last one is there, as JSON-RPC 2.0 requires. */
export class BatchReply {
  readonly #send: (replies: readonly WireReply[]) => void
  readonly #replies: WireReply[] = []
  #expected = 0
  #sealed = false

  constructor(send: (replies: readonly WireReply[]) => void) {
    this.#send = send
  }

  /** Adds the reply to one entry. */
  readonly add = (reply: WireReply): void => {
    this.#replies.push(reply)
    this.#sendWhenComplete()
  }

  /** Counts an entry that will be answered; notifications do not count. */
  expect(): void {
    this.#expected += 1
  }

  /** All entries have been counted. */
  seal(): void {
    this.#sealed = true
    this.#sendWhenComplete()
  }

  #sendWhenComplete(): void {
    if (this.#sealed && this.#expected > 0 && this.#replies.length === this.#expected)
      this.#send(this.#replies)
  }
}
