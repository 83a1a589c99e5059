import {
  CliOpsError,
  type DriverOptions,
  monotonicMs,
  settleWithin,
} from '@cli-ops/shared-ipc/driver'
import { Redis } from 'ioredis'

import { clientOptions } from './client-options.js'
import { engineError } from './engine-error.js'
import type { NodeLocation } from './node-location.js'

/** A command and its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]]

/** A client that is connected. */
interface Live {
  readonly client: Redis
  /** Identifies the run of the server: another one after a restart, or after a failover. */
  readonly runId: string
  /** When the server last answered, on the monotonic clock. */
  heardAt: number
}

const MOVED = /^MOVED \d+ (.*):(\d+)$/u

/**
 * A connection that is made when it is needed, and made anew after it was lost. Every call settles within the time that the
 * engine has to answer; none is ever sent twice by itself. The socket keeps no process alive, a call that is under way does.
 */
export class RedisConnection {
  readonly #options: DriverOptions
  readonly #onLive: ((client: Redis) => Promise<void>) | undefined
  readonly #onLost: (() => void) | undefined
  readonly #location: NodeLocation
  #live: Live | undefined
  #connecting: Promise<Live> | undefined
  #closed = false

  /**
   * @param on.live prepares each new connection before it is used
   * @param on.lost called when a connection has ended
   */
  constructor(
    options: DriverOptions,
    location: NodeLocation,
    on: { readonly live?: (client: Redis) => Promise<void>; readonly lost?: () => void } = {},
  ) {
    this.#options = options
    this.#location = location
    location.onMove(() => {
      if (this.#live !== undefined) this.#drop(this.#live)
    })
    this.#onLive = on.live
    this.#onLost = on.lost
  }

  /** The run of the server behind the present connection; empty where there is none, or it does not say. */
  get runId(): string {
    return this.#live?.runId ?? ''
  }

  /**
   * Sends a command and resolves to its reply.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE`: not sent, or without a reply in time, so that the outcome is unknown; `CLOSED`
   * @throws the signal's reason once aborted, which does not take the command back
   */
  async call(command: Command, signal?: AbortSignal): Promise<unknown> {
    return this.within(signal, async (deadline) => {
      const live = this.#live ?? (await this.#connect())
      const sentAt = monotonicMs()
      // Nobody waits any more, so it must not be done any more.
      if (sentAt >= deadline || signal?.aborted === true) return undefined
      const [name, ...args] = command
      const reply = this.#send(live, name, args)
      void delayUntil(deadline, reply).then((late) => {
        // Silent since before the command: the server hangs, or nothing passes. A new connection knows sooner.
        if (late && live.heardAt < sentAt) this.#drop(live)
      })
      return reply
    })
  }

  /** Connects, where it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.within(signal, () => this.#live ?? this.#connect())
  }

  /** Ends the connection; what is under way is rejected. */
  close(): void {
    this.#closed = true
    if (this.#live !== undefined) this.#drop(this.#live)
  }

  async #send(live: Live, name: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      const reply: unknown = await live.client.call(name, ...args)
      live.heardAt = monotonicMs()
      return reply
    } catch (error) {
      const moved = error instanceof Error ? MOVED.exec(error.message) : null
      if (moved === null) throw engineError(this.#options.url, error)
      // All keys of a namespace are in one slot, so the node that has it is all that is needed. Nothing was done.
      const [, host = '', port] = moved
      this.#location.move(host, Number(port))
      const owner = await this.#connect()
      return owner.client.call(name, ...args).catch((again: unknown) => {
        throw engineError(this.#options.url, again)
      })
    }
  }

  #connect(): Promise<Live> {
    if (this.#closed) return Promise.reject(closedError())
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #open(): Promise<Live> {
    const { url } = this.#options
    const client = new Redis(clientOptions(this.#options, this.#location.address))
    // Whoever waits for the connection gets the error; the library would throw it at the process.
    let failure: unknown
    client.on('error', (error: unknown) => {
      failure ??= error
    })
    client.on('connect', () => client.stream.unref())
    try {
      const ready = this.#prepare(client)
      const late = delayUntil(monotonicMs() + this.#options.timeoutMs, ready)
      if (await late) throw new Error(`no answer within ${this.#options.timeoutMs} ms`)
      const live: Live = { client, runId: await ready, heardAt: monotonicMs() }
      if (this.#closed) throw closedError()
      client.once('close', () => {
        this.#forget(live)
      })
      this.#live = live
      return live
    } catch (error) {
      end(client)
      // "Connection is closed" says less than what came before it.
      throw engineError(url, failure ?? error)
    }
  }

  async #prepare(client: Redis): Promise<string> {
    await client.connect()
    const runId = await client.info('server').then(
      (info) => /^run_id:(\w+)/mu.exec(info)?.[1] ?? '',
      // A user without the right to ask: restarts are then not told from pauses.
      () => '',
    )
    await this.#onLive?.(client)
    return runId
  }

  #drop(live: Live): void {
    // Several calls may find out about one connection.
    if (this.#live !== live) return
    end(live.client)
    this.#forget(live)
  }

  #forget(live: Live): void {
    if (this.#live !== live) return
    this.#live = undefined
    this.#onLost?.()
  }

  /** Runs work that is bounded by the time that the engine has to answer, and by a signal. Rejects as {@link call} does. */
  within<T>(
    signal: AbortSignal | undefined,
    work: (deadline: number) => T | Promise<T>,
  ): Promise<T> {
    const { timeoutMs, url } = this.#options
    if (this.#closed && signal?.aborted !== true) return Promise.reject(closedError())
    const late = (): Error => engineError(url, new Error(`no answer within ${timeoutMs} ms`))
    return settleWithin({ timeoutMs, signal, late }, () => work(monotonicMs() + timeoutMs))
  }
}

/** Resolves to true at an instant, or to false where the promise settles before. Keeps no process alive. */
function delayUntil(deadline: number, promise: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => {
        resolve(true)
      },
      Math.max(0, deadline - monotonicMs()),
    ).unref()
    const settled = (): void => {
      clearTimeout(timer)
      resolve(false)
    }
    promise.then(settled, settled)
  })
}

/** Ends at once: an orderly end waits for a server that may not answer. */
function end(client: Redis): void {
  client.disconnect()
  // Before the socket was made there is none, whatever the types say.
  ;(client.stream as Redis['stream'] | undefined)?.destroy()
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the connection to the engine was closed')
}
