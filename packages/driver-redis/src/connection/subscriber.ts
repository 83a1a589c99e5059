import type { DriverOptions } from '@cli-ops/shared-ipc/driver'
import type { Redis } from 'ioredis'

import type { NodeLocation } from './node-location.js'
import { RedisConnection } from './redis-connection.js'

const FIRST_DELAY_MS = 20
const MAX_DELAY_MS = 1_000

/** What is told to who listens on a channel. */
export interface ChannelListener {
  onMessage(message: string): void
  /** The channel is listened on (again): what was said meanwhile was not heard. */
  onReady?(): void
}

/**
 * Listens on channels over a connection of its own, as long as anybody listens. What is said while the connection is down
 * is lost; each listener is told when it is back. Keeps no process alive.
 */
export class Subscriber {
  readonly #connection: RedisConnection
  readonly #options: DriverOptions
  readonly #listeners = new Map<string, Set<ChannelListener>>()
  /** Channels that the present connection listens on. */
  readonly #subscribed = new Map<string, Promise<void>>()
  #client: Redis | undefined
  #retry: NodeJS.Timeout | undefined
  #pulse: NodeJS.Timeout | undefined
  #delayMs = FIRST_DELAY_MS
  #closed = false

  constructor(options: DriverOptions, location: NodeLocation) {
    this.#options = options
    this.#connection = new RedisConnection(options, location, {
      live: (client) => this.#attach(client),
      lost: () => {
        this.#detach()
      },
    })
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
      this.#client?.unsubscribe(channel).catch(() => undefined)
    }
  }

  /** Resolves when a channel that somebody listens on is listened on. Rejects as `RedisConnection.call` does. */
  async ready(channel: string, signal?: AbortSignal): Promise<void> {
    if (this.#client === undefined) {
      try {
        await this.#connection.connect(signal)
      } catch (error) {
        this.#retryLater()
        throw error
      }
    }
    await this.#connection.within(signal, () => this.#subscribe(channel))
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
    this.#detach()
    this.#connection.close()
  }

  async #attach(client: Redis): Promise<void> {
    client.on('message', (channel: string, message: string) => {
      for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener.onMessage(message)
    })
    this.#client = client
    this.#subscribed.clear()
    const channels = [...this.#listeners.keys()]
    await Promise.all(channels.map((channel) => this.#subscribe(channel)))
    this.#delayMs = FIRST_DELAY_MS
    this.#startPulse(client)
    for (const channel of channels) {
      for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener.onReady?.()
    }
  }

  #subscribe(channel: string): Promise<void> {
    const client = this.#client
    if (client === undefined) return Promise.reject(new Error('the connection was lost'))
    let subscribed = this.#subscribed.get(channel)
    if (subscribed === undefined) {
      subscribed = client.subscribe(channel).then(() => undefined)
      subscribed.catch(() => this.#subscribed.delete(channel))
      this.#subscribed.set(channel, subscribed)
    }
    return subscribed
  }

  /** Nothing is sent on this connection otherwise, so that nobody would notice that nothing passes any more. */
  #startPulse(client: Redis): void {
    const { leaseMs } = this.#options
    clearInterval(this.#pulse)
    this.#pulse = setInterval(() => {
      const answered = client.ping().then(() => clearTimeout(limit))
      answered.catch(() => undefined)
      const limit = setTimeout(() => {
        client.stream.destroy()
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
        if (this.#client !== undefined || this.#listeners.size === 0) return
        this.#connection.connect().catch(() => {
          this.#retryLater()
        })
      },
      this.#delayMs * (0.5 + Math.random()),
    ).unref()
    this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2)
  }
}
