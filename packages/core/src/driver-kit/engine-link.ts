import { closedError } from '../base/errors/closed-error.js'
import type { CliOpsError } from '../base/errors/cli-ops-error.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { outlasts } from '../base/wait/outlasts.js'
import { settleWithin } from '../base/wait/race.js'
import { AnswerWatch } from './answer-watch.js'

/** How a connection to an engine is made and ended. */
export interface LinkCarrier<Client> {
  readonly timeoutMs: number
  /**
   * Connects. What it has begun ends with the signal, which is aborted once nobody waits any more.
   *
   * @param onEnd to be called when a connection that was made has ended
   */
  open(signal: AbortSignal, onEnd: () => void): Promise<Client>
  /** Ends at once: an orderly end waits for a server that may not answer. */
  end(client: Client): void
  /** The error of the kit for what went wrong, with nothing in it that might be secret. */
  toError(reason: unknown): CliOpsError
}

/** A client that is connected. */
interface Live<Client> {
  readonly client: Client
  readonly answers: AnswerWatch
}

const NAME = 'the connection to the engine'

/**
 * A connection that is made when it is needed, and made anew after it was lost. Every call settles within the time that the engine has to
 * answer; none is ever sent twice by itself. A call that is under way keeps the process alive.
 */
export class EngineLink<Client> {
  readonly #carrier: LinkCarrier<Client>
  readonly #onLost: (() => void) | undefined
  #live: Live<Client> | undefined
  #connecting: Promise<Live<Client>> | undefined
  #closed = false

  /** @param onLost called when a connection has ended */
  constructor(carrier: LinkCarrier<Client>, onLost?: () => void) {
    this.#carrier = carrier
    this.#onLost = onLost
  }

  /** The present connection, where there is one. */
  get client(): Client | undefined {
    return this.#live?.client
  }

  /**
   * Does work over the connection.
   *
   * @throws CliOpsError what the carrier says; `ENGINE_UNAVAILABLE` also without a reply in time, so that the outcome is unknown; `CLOSED`
   * @throws the signal's reason once aborted, which does not take the work back
   */
  call<T>(work: (client: Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let giveUp: (() => void) | undefined
    return this.#within(
      signal,
      async (deadline) => {
        const live = this.#live ?? (await this.#connect())
        const leftMs = deadline - monotonicMs()
        // Nobody waits any more, so it must not be done any more.
        if (leftMs <= 0 || signal?.aborted === true) throw this.#late()
        const reply = this.#heard(live, work)
        giveUp = live.answers.follow(reply, leftMs)
        return reply
      },
      () => giveUp?.(),
    )
  }

  /** Connects, where it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<Client> {
    const { client } = await this.within(signal, () => this.#live ?? this.#connect())
    return client
  }

  /** Runs work that is bounded by the time that the engine has to answer, and by a signal. Rejects as {@link call} does. */
  within<T>(
    signal: AbortSignal | undefined,
    work: (deadline: number) => T | Promise<T>,
  ): Promise<T> {
    return this.#within(signal, work)
  }

  #within<T>(
    signal: AbortSignal | undefined,
    work: (deadline: number) => T | Promise<T>,
    onLate?: () => void,
  ): Promise<T> {
    const { timeoutMs } = this.#carrier
    if (this.#closed && signal?.aborted !== true) return Promise.reject(closedError(NAME))
    const late = (): Error => {
      onLate?.()
      return this.#late()
    }
    return settleWithin({ timeoutMs, signal, late }, () => work(monotonicMs() + timeoutMs))
  }

  /** Ends a connection that is of no use any more; the next call makes another one. */
  drop(client: Client): void {
    if (this.#live?.client === client) this.#drop(this.#live)
  }

  /** Ends the connection; what is under way is rejected. */
  close(): void {
    this.#closed = true
    if (this.#live !== undefined) this.#drop(this.#live)
  }

  async #heard<T>(live: Live<Client>, work: (client: Client) => Promise<T>): Promise<T> {
    try {
      const reply = await work(live.client)
      live.answers.heard()
      return reply
    } catch (error) {
      throw this.#carrier.toError(error)
    }
  }

  #connect(): Promise<Live<Client>> {
    if (this.#closed) return Promise.reject(closedError(NAME))
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #open(): Promise<Live<Client>> {
    const carrier = this.#carrier
    const ending = new AbortController()
    let live: Live<Client> | undefined
    let hasEnded = false
    const opening = carrier.open(ending.signal, () => {
      hasEnded = true
      if (live !== undefined) this.#forget(live)
    })
    try {
      const late = await outlasts(opening, carrier.timeoutMs)
      if (late) throw this.#late()
      const client = await opening
      live = this.#toLive(client)
      if (this.#closed) carrier.end(client)
      if (this.#closed) throw closedError(NAME)
      if (hasEnded) throw new Error('the connection ended')
      this.#live = live
      return live
    } catch (error) {
      opening.catch(() => undefined)
      ending.abort(error)
      throw carrier.toError(error)
    }
  }

  #late(): CliOpsError {
    return this.#carrier.toError(new Error(`no answer within ${this.#carrier.timeoutMs} ms`))
  }

  #toLive(client: Client): Live<Client> {
    const answers = new AnswerWatch({
      leave: () => {
        this.#forget(live)
      },
      end: () => {
        this.#carrier.end(client)
      },
    })
    const live = { client, answers }
    return live
  }

  #drop(live: Live<Client>): void {
    // Several calls may find out about one connection.
    if (this.#live !== live) return
    this.#forget(live)
    this.#carrier.end(live.client)
  }

  #forget(live: Live<Client>): void {
    if (this.#live !== live) return
    this.#live = undefined
    this.#onLost?.()
  }
}
