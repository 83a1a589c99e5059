import { closedError } from '../base/errors/closed-error.js'
import type { CliOpsError } from '../base/errors/cli-ops-error.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { outlasts } from '../base/wait/outlasts.js'
import { pause } from '../base/wait/pause.js'
import { settleWithin } from '../base/wait/race.js'
import { AnswerWatch } from './answer-watch.js'

/** How to open and end a connection to an engine. */
export interface LinkCarrier<Client> {
  readonly timeoutMs: number
  /**
   * Connects. The signal, aborted once no caller waits any more, cancels the attempt.
   *
   * @param onEnd call it when an established connection has ended
   */
  open(signal: AbortSignal, onEnd: () => void): Promise<Client>
  /** Ends immediately: an orderly end would wait for a server that might not answer. */
  end(client: Client): void
  /** Converts a failure to an error of the kit, without anything that might be secret. */
  toError(reason: unknown): CliOpsError
  /**
   * Returns whether the engine reported that it did nothing and that the same call can be repeated on this or a new connection, for
   * example because a node is no longer the primary. Without this method, no call is repeated.
   *
   * @param client the connection of the failed attempt, if it is still the current one
   */
  mayRetry?(reason: unknown, client: Client | undefined): boolean
}

/** A connected client. */
interface Live<Client> {
  readonly client: Client
  readonly answers: AnswerWatch
}

const NAME = 'the connection to the engine'
/** Time between attempts while the engine refuses a call. */
const RETRY_MS = 25

/**
 * A connection that is opened on demand and reopened after a loss. Every call settles within the engine's time limit. No call is
 * repeated unless the engine reports that it did nothing. A pending call keeps the process alive.
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

  /** The current connection, if there is one. */
  get client(): Client | undefined {
    return this.#live?.client
  }

  /**
   * Runs work over the connection.
   *
   * @throws CliOpsError the carrier's error; `ENGINE_UNAVAILABLE` also without a reply in time, with the outcome unknown; `CLOSED`
   * @throws the signal's reason once aborted, which does not undo the work
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
            // The caller no longer waits, so the work must not start.
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

  /** Connects unless already connected. Rejects like {@link call}. */
  connect(signal?: AbortSignal): Promise<Client> {
    return this.#within(signal, async () => {
      try {
        return (this.#live ?? (await this.#connection())).client
      } catch (error) {
        throw this.#carrier.toError(error)
      }
    })
  }

  /** Ends a connection that is no longer usable; the next call opens another one. */
  drop(client: Client): void {
    if (this.#live?.client === client) this.#drop(this.#live)
  }

  /** Ends the connection; pending calls are rejected. */
  close(): void {
    this.#closed = true
    if (this.#live !== undefined) this.#drop(this.#live)
  }

  /**
   * Runs work within the engine's time limit and until a signal is aborted.
   *
   * @param onLate called at the time limit; returns the engine's last failure
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
      // That attempt's time started with another call; this call might have more left.
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
    // Several calls can detect the loss of one connection.
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

/** An error counts as an answer, too. After the end of the connection, none is expected. */
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
