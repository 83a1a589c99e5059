import { clearInterval, clearTimeout, setInterval, setTimeout } from '../base/wait/own-timers.js'
import { EngineLink, type LinkCarrier } from './engine-link.js'

const FIRST_DELAY_MS = 20
const MAX_DELAY_MS = 1_000

/** A listener on a channel. */
export interface ChannelListener {
  onMessage(message: string): void
  /** The subscription is active (again). Messages sent in between were missed. */
  onReady?(): void
}

/** A connection that carries the messages of channels. */
export interface ChannelCarrier<Client> extends LinkCarrier<Client> {
  readonly leaseMs: number
  /** Passes on the connection's messages from now on. */
  onMessage(client: Client, listener: (channel: string, message: string) => void): void
  subscribe(client: Client, channel: string): Promise<unknown>
  unsubscribe(client: Client, channel: string): Promise<unknown>
  /** Requests a sign of life. */
  ping(client: Client): Promise<unknown>
}

/**
 * Listens on channels over a separate connection, as long as there are listeners. Messages are lost while the connection is down; each
 * listener is notified when it is back. Keeps no process alive.
 */
export class ChannelSubscriber<Client> {
  readonly #carrier: ChannelCarrier<Client>
  readonly #link: EngineLink<Client>
  readonly #listeners = new Map<string, Set<ChannelListener>>()
  /** Channels that the current connection listens on. */
  readonly #subscribed = new Map<string, Promise<void>>()
  #client: Client | undefined
  #retry: NodeJS.Timeout | undefined
  #pulse: NodeJS.Timeout | undefined
  #delayMs = FIRST_DELAY_MS
  #closed = false

  constructor(carrier: ChannelCarrier<Client>) {
    this.#carrier = carrier
    this.#link = new EngineLink(
      {
        ...carrier,
        open: async (signal, onEnd) => {
          const client = await carrier.open(signal, onEnd)
          try {
            await this.#attach(client)
            return client
          } catch (error) {
            carrier.end(client)
            throw error
          }
        },
      },
      () => {
        this.#detach()
      },
    )
  }

  /** Listens on a channel until the returned function is called. */
  listen(channel: string, listener: ChannelListener): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners)
    listeners.add(listener)
    void this.ready(channel).then(
      () => {
        if (listeners.has(listener)) listener.onReady?.()
      },
      () => undefined,
    )
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return
      this.#listeners.delete(channel)
      this.#subscribed.delete(channel)
      if (this.#client !== undefined)
        this.#carrier.unsubscribe(this.#client, channel).catch(() => undefined)
    }
  }

  /** Resolves when the subscription to a channel with listeners is active. Rejects like `EngineLink.call`. */
  async ready(channel: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#link.call((client) => this.#subscribe(client, channel), signal)
    } catch (error) {
      if (this.#link.client === undefined) this.#retryLater()
      throw error
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#detach()
    this.#link.close()
  }

  async #attach(client: Client): Promise<void> {
    this.#carrier.onMessage(client, (channel, message) => {
      for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener.onMessage(message)
    })
    this.#client = client
    this.#subscribed.clear()
    const channels = [...this.#listeners.keys()]
    await Promise.all(channels.map((channel) => this.#subscribe(client, channel)))
    this.#delayMs = FIRST_DELAY_MS
    this.#startPulse(client)
    for (const channel of channels) {
      for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener.onReady?.()
    }
  }

  #subscribe(client: Client, channel: string): Promise<void> {
    let subscribed = this.#subscribed.get(channel)
    if (subscribed === undefined) {
      subscribed = this.#carrier.subscribe(client, channel).then(() => undefined)
      subscribed.catch(() => this.#subscribed.delete(channel))
      this.#subscribed.set(channel, subscribed)
    }
    return subscribed
  }

  /** Nothing else is sent on this connection, so a dead one would go unnoticed. */
  #startPulse(client: Client): void {
    const { leaseMs } = this.#carrier
    clearInterval(this.#pulse)
    this.#pulse = setInterval(() => {
      const answered = this.#carrier.ping(client).then(() => clearTimeout(limit))
      answered.catch(() => undefined)
      const limit = setTimeout(() => {
        this.#link.drop(client)
      }, leaseMs / 3).unref()
    }, leaseMs / 3).unref()
  }

  #detach(): void {
    this.#client = undefined
    this.#subscribed.clear()
    clearInterval(this.#pulse)
    if (!this.#closed && this.#listeners.size > 0) this.#retryLater()
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== undefined) return
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined
        if (this.#link.client !== undefined || this.#listeners.size === 0) return
        this.#link.connect().catch(() => {
          this.#retryLater()
        })
      },
      this.#delayMs * (0.5 + Math.random()),
    ).unref()
    this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2)
  }
}
