import {
  clearTimeout,
  closedError,
  type DriverOptions,
  monotonicMs,
  setTimeout,
  settleWithin,
} from '@cli-ops/shared-ipc/driver'
import { type ChannelModel, connect } from 'amqplib'
import type { Socket } from 'node:net'

import { clientOptions, heartbeatSeconds } from './client-options.js'
import { engineError } from './engine-error.js'
import { LostError, OpenChannel } from './open-channel.js'

/** What the client library has, but does not declare in its types. */
interface Internals {
  readonly stream: Socket
  readonly heartbeater: Record<'sendTimer' | 'recvTimer', NodeJS.Timeout> | null
}

/** A call in progress. */
export interface Call {
  /** The caller no longer waits for it. */
  readonly isOver: boolean
}

/** An open connection. */
interface Live {
  readonly model: ChannelModel
  readonly destroy: () => void
  /** When data last arrived, on the monotonic clock. */
  heardAt: number
  /** Why the broker takes no messages: it is short of memory or disk. */
  blocked: string | undefined
}

/**
 * A connection opened on demand, and reopened after a loss. Every call settles within the time that the broker has to
 * answer. A call in progress keeps the process alive; the socket and the heartbeat do not.
 */
export class AmqpConnection {
  readonly #options: DriverOptions
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false

  constructor(options: DriverOptions) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Whether the broker currently takes no messages. */
  get isBlocked(): boolean {
    return this.#live?.blocked !== undefined
  }

  /**
   * Runs work within the time that the broker has to answer, and until a signal. Gives up a connection that stayed
   * silent for that time.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE` if the outcome is unknown; `CLOSED`
   * @throws the signal's reason once aborted
   */
  async within<T>(
    signal: AbortSignal | undefined,
    work: (call: Call) => T | Promise<T>,
  ): Promise<T> {
    const { timeoutMs, url } = this.#options
    signal?.throwIfAborted()
    if (this.#closed) throw closedError('the connection to the engine')
    const before = this.#live
    const heardAt = before?.heardAt
    const late = (): Error => {
      const { blocked } = this.#live ?? {}
      // Silent throughout: the broker hangs, or nothing gets through. A new connection finds out sooner.
      if (before !== undefined && before === this.#live && before.heardAt === heardAt)
        this.#drop(before)
      const reason =
        blocked === undefined
          ? `no answer within ${timeoutMs} ms`
          : `the broker accepts no messages: it is ${blocked}`
      return engineError(url, new Error(reason))
    }
    const call = { isOver: false }
    try {
      return await settleWithin({ timeoutMs, signal, late }, () => work(call))
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error
      throw this.#closed ? closedError('the connection to the engine') : engineError(url, error)
    } finally {
      call.isOver = true
    }
  }

  /** Connects if it is not connected. For use within {@link within}. */
  async connect(): Promise<void> {
    await this.#open()
  }

  /** Opens a channel. For use within {@link within}. */
  async channel(): Promise<OpenChannel> {
    const live = await this.#open()
    try {
      return new OpenChannel(await live.model.createConfirmChannel())
    } catch (error) {
      throw this.#live === live ? error : new LostError('the connection was lost')
    }
  }

  /**
   * Whether the broker was heard within a heartbeat. It drops silent peers later than that, so until then what this
   * connection holds has not gone to another one.
   */
  get isHeard(): boolean {
    if (this.#live === undefined) return false
    const silentMs = monotonicMs() - this.#live.heardAt
    return silentMs < heartbeatSeconds(this.#options.leaseMs) * 1_000
  }

  /** Ends the connection immediately and rejects all calls in progress. */
  close(): void {
    this.#closed = true
    if (this.#live !== undefined) this.#drop(this.#live)
  }

  #open(): Live | Promise<Live> {
    if (this.#closed) return Promise.reject(closedError('the connection to the engine'))
    if (this.#live !== undefined) return this.#live
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(): Promise<Live> {
    const ending = new AbortController()
    const { url, socket: socketOptions } = clientOptions(this.#options, ending.signal)
    const limit = setTimeout(() => {
      ending.abort()
    }, this.#options.timeoutMs).unref()
    const model = await connect(url, socketOptions).finally(() => {
      clearTimeout(limit)
    })
    const { stream, heartbeater } = model.connection as unknown as Internals
    stream.unref()
    heartbeater?.sendTimer.unref()
    heartbeater?.recvTimer.unref()
    const destroy = (): void => {
      ending.abort()
    }
    const live: Live = { model, destroy, heardAt: monotonicMs(), blocked: undefined }
    stream.on('readable', () => {
      live.heardAt = monotonicMs()
    })
    // The channel's user gets the error; the library would throw it at the process.
    model.on('error', () => undefined)
    model.on('close', () => {
      if (this.#live === live) this.#live = undefined
      // The library would end its side and wait for the other one.
      destroy()
    })
    model.on('blocked', (reason) => {
      live.blocked = reason
    })
    model.on('unblocked', () => {
      live.blocked = undefined
    })
    if (this.#closed) {
      destroy()
      throw closedError('the connection to the engine')
    }
    this.#live = live
    return live
  }

  #drop(live: Live): void {
    if (this.#live === live) this.#live = undefined
    live.destroy()
  }
}
