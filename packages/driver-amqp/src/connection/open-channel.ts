import type { ConfirmChannel, Options } from 'amqplib'

/** What a broker says while it starts, or makes or moves a queue: it is no answer to the question whether that is there. */
const NOT_YET = /does not have a (?:running )?replica on the local node|is down or inaccessible/u

interface Sent {
  isReturned: boolean
  readonly settle: (error?: Error) => void
}

/** The connection was lost: nobody knows what became of what was under way. */
export class LostError extends Error {
  override readonly name = 'LostError'
}

/** A channel with confirms, until the broker or the connection ends it. Nothing that is done with an ended one throws. */
export class OpenChannel {
  readonly raw: ConfirmChannel
  readonly #sent = new Map<string, Sent>()
  readonly #listeners = new Set<(error: Error) => void>()
  #number = 0
  #end: Error | undefined

  constructor(raw: ConfirmChannel) {
    this.raw = raw
    let failure: Error | undefined
    raw.on('error', (error) => {
      failure = NOT_YET.test(error.message)
        ? new LostError('the node does not have the queue running yet')
        : error
    })
    raw.on('close', () => {
      this.#finish(failure ?? new LostError('the connection was lost'))
    })
    // The broker returns a message before it confirms it.
    raw.on('return', ({ properties }) => {
      const sent = this.#sent.get(String(properties.correlationId))
      if (sent !== undefined) sent.isReturned = true
    })
  }

  /** Why it has ended; undefined while it is open. */
  get end(): Error | undefined {
    return this.#end
  }

  /** Calls the listener once, when the channel ends, or soon where it has ended. */
  onEnd(listener: (error: Error) => void): void {
    const end = this.#end
    if (end === undefined) this.#listeners.add(listener)
    else
      queueMicrotask(() => {
        listener(end)
      })
  }

  /**
   * Publishes and resolves when the broker has confirmed: to false where the message is mandatory and nobody gets it. Rejects where
   * the outcome is unknown, or the broker refuses.
   */
  publish(
    exchange: string,
    key: string,
    content: Buffer,
    options: Options.Publish,
  ): Promise<boolean> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    this.#number += 1
    const correlationId = String(this.#number)
    return new Promise((resolve, reject) => {
      const sent: Sent = {
        isReturned: false,
        settle: (error) => {
          this.#sent.delete(correlationId)
          if (error === undefined) resolve(!sent.isReturned)
          else reject(error)
        },
      }
      this.#sent.set(correlationId, sent)
      const onConfirm = (error: unknown): void => {
        if (error === null || error === undefined) sent.settle()
        else if (this.#end === undefined) sent.settle(new Error('the broker refused a message'))
      }
      try {
        this.raw.publish(exchange, key, content, { ...options, correlationId }, onConfirm)
      } catch (error) {
        sent.settle(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  /** Gives credit back for a delivery and, with `allUpTo`, all before it. */
  ack(deliveryTag: number, { allUpTo = false }: { readonly allUpTo?: boolean } = {}): void {
    if (this.#end !== undefined) return
    const message = { fields: { deliveryTag } } as Parameters<ConfirmChannel['ack']>[0]
    try {
      this.raw.ack(message, allUpTo)
    } catch {
      // It is being closed; the broker takes back what was not acknowledged.
    }
  }

  close(): void {
    if (this.#end !== undefined) return
    this.#finish(new Error('the channel was closed'))
    try {
      this.raw.close().catch(() => undefined)
    } catch {
      // It is closing already.
    }
  }

  #finish(error: Error): void {
    if (this.#end !== undefined) return
    this.#end = error
    for (const { settle } of [...this.#sent.values()]) settle(error)
    for (const listener of [...this.#listeners]) listener(error)
    this.#listeners.clear()
  }
}
