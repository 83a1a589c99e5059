import type { ConfirmChannel, Options } from 'amqplib'

/** What a broker replies while it starts, or creates or moves a queue: it does not say whether the queue exists. */
const NOT_YET = /does not have a (?:running )?replica on the local node|is down or inaccessible/u

interface Sent {
  isReturned: boolean
  readonly settle: (error?: Error) => void
}

/** The connection was lost: the outcome of calls in progress is unknown. */
export class LostError extends Error {
  override readonly name = 'LostError'
}

/** A channel with confirms, until the broker or the connection ends it. Calls on an ended channel do not throw. */
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
    // The broker returns an unroutable message before it confirms it.
    raw.on('return', ({ properties }) => {
      const sent = this.#sent.get(String(properties.correlationId))
      if (sent !== undefined) sent.isReturned = true
    })
  }

  /** Why it ended; undefined while it is open. */
  get end(): Error | undefined {
    return this.#end
  }

  /** Calls the listener once, when the channel ends, or soon if it has already ended. */
  onEnd(listener: (error: Error) => void): void {
    const end = this.#end
    if (end === undefined) this.#listeners.add(listener)
    else
      void Promise.resolve().then(() => {
        listener(end)
      })
  }

  /**
   * Publishes and resolves when the broker has confirmed: to false if the message is mandatory and no queue gets it.
   * Rejects if the outcome is unknown, or the broker refuses.
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

  /** Acknowledges a delivery and, with `allUpTo`, all before it, which frees their credit. */
  ack(deliveryTag: number, { allUpTo = false }: { readonly allUpTo?: boolean } = {}): void {
    if (this.#end !== undefined) return
    const message = { fields: { deliveryTag } } as Parameters<ConfirmChannel['ack']>[0]
    try {
      this.raw.ack(message, allUpTo)
    } catch {
      // It is being closed; the broker takes back unacknowledged messages.
    }
  }

  close(): void {
    if (this.#end !== undefined) return
    this.#finish(new Error('the channel was closed'))
    try {
      this.raw.close().catch(() => undefined)
    } catch {
      // It is already closing.
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
