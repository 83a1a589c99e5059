import { closedError } from '../base/errors/closed-error.js'
import type { CliOpsError } from '../base/errors/cli-ops-error.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { outlasts } from '../base/wait/outlasts.js'
import { pause } from '../base/wait/pause.js'
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
  /**
   * Tells whether the engine has said that it did nothing, and that the same call may be made again, on this connection or a new one: of a node
   * that is no primary any more, say. Without it no call is made twice.
   *
   * @param client the connection of the failed attempt, as long as it is the present one
   */
  mayRetry?(reason: unknown, client: Client | undefined): boolean
}

/** A client that is connected. */
interface Live<Client> {
  readonly client: Client
  readonly answers: AnswerWatch
}

const NAME = 'the connection to the engine'
/** Between two attempts at an engine that does not take a call for now. */
const RETRY_MS = 25

/**
 * A connection that is made when it is needed, and made anew after it was lost. Every call settles within the time that the engine has to
 * answer; none is made twice, but where the engine says that it has done nothing. A call that is under way keeps the process alive.
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
    let reason: unknown
    let giveUp: (() => void) | undefined
    return this.#within(
      signal,
      async (deadline) => {
        for (;;) {
          let live: Live<Client> | undefined
          try {
            live = this.#live ?? (await this.#connection())
            const leftMs = deadline - monotonicMs()
            // Nobody waits any more, so it must not be done any more.
            if (leftMs <= 0 || signal?.aborted === true) throw this.#late(reason)
            const reply = answerOf(live, work)
            giveUp = live.answers.follow(reply, leftMs)
            return await reply
          } catch (error) {
            if (!this.#mayRetry(error, live)) throw this.#carrier.toError(error)
            reason = error
          }
          await pause(RETRY_MS)
        }
      },
      () => {
        giveUp?.()
        return reason
      },
    )
  }

  /** Connects, where it is not connected. Rejects as {@link call} does. */
  connect(signal?: AbortSignal): Promise<Client> {
    return this.#within(signal, async () => {
      try {
        return (this.#live ?? (await this.#connection())).client
      } catch (error) {
        throw this.#carrier.toError(error)
      }
    })
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

  /**
   * Runs work that is bounded by the time that the engine has to answer, and by a signal.
   *
   * @param onLate called where it is over; gives what the engine has said last, where it was not the answer
   */
  #within<T>(
    signal: AbortSignal | undefined,
    work: (deadline: number) => Promise<T>,
    onLate: () => unknown = () => undefined,
  ): Promise<T> {
    const { timeoutMs } = this.#carrier
    if (this.#closed && signal?.aborted !== true) return Promise.reject(closedError(NAME))
    const late = (): Error => this.#late(onLate())
    return settleWithin({ timeoutMs, signal, late }, () => work(monotonicMs() + timeoutMs))
  }

  #mayRetry(reason: unknown, live: Live<Client> | undefined): boolean {
    const present = live !== undefined && live === this.#live ? live.client : undefined
    return this.#carrier.mayRetry?.(reason, present) === true
  }

  async #connection(): Promise<Live<Client>> {
    try {
      if (this.#connecting !== undefined) return await this.#connecting
    } catch {
      // Its time began with another call, and this one may have more of it.
    }
    return this.#live ?? this.#connect()
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
      if (late) throw this.#late(undefined)
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
      throw error
    }
  }

  #late(reason: unknown): CliOpsError {
    const { timeoutMs } = this.#carrier
    return this.#carrier.toError(reason ?? new Error(`no answer within ${timeoutMs} ms`))
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

/** An error is an answer as well; where the connection has ended, nothing is expected of it any more. */
async function answerOf<Client, T>(
  { client, answers }: Live<Client>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await work(client)
  } finally {
    answers.heard()
  }
}
