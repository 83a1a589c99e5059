import { systemClock } from '../base/wait/clock.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { lookBriefly } from '../base/wait/look-briefly.js'
import type { ClientConnection } from './client-connection.js'
import { findServer, noResponder, type ServerFinder, type ServerTarget } from './find-server.js'
import { onAbort } from '../base/wait/abort-signal.js'
import { MAX_TIMER_MS } from '../base/wait/timer-limit.js'

/** How long one caller waits. */
export interface LinkWait {
  /** Instant of `performance.now()` at which the caller gives up. */
  readonly deadline: number
  /** How long to wait for a server to appear. */
  readonly waitMs: number
  readonly signal: AbortSignal | undefined
}

/** A search for a server that several callers share. */
interface Search {
  readonly found: Promise<ClientConnection>
  readonly abort: AbortController
  callers: number
  /** The latest instant up to which a caller waits for a server to appear. */
  until: number
}

/**
 * The link to the server of one name: a connection made on demand and shared by all requests. After it ends, the next request opens a
 * new one.
 */
export class ServerLink {
  readonly #target: ServerTarget
  readonly #openFinder: () => Promise<ServerFinder>
  #connection: ClientConnection | undefined
  #search: Search | undefined

  constructor(target: ServerTarget, openFinder: () => Promise<ServerFinder>) {
    this.#target = target
    this.#openFinder = openFinder
  }

  /** The open connection, if there is one. */
  get current(): ClientConnection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined
  }

  /** Resolves to the shared connection. @throws CliOpsError `NO_RESPONDER`; the signal's reason once aborted */
  async connect(wait: LinkWait): Promise<ClientConnection> {
    const search = (this.#search ??= this.#startSearch())
    search.callers += 1
    search.until = Math.max(search.until, performance.now() + wait.waitMs)
    try {
      return await this.#join(search, wait)
    } finally {
      search.callers -= 1
      // No caller waits any more, so the search must not keep the process alive, and no new caller may join it.
      if (search.callers === 0) {
        this.#forget(search)
        search.abort.abort()
      }
    }
  }

  /** Opens a separate connection: a slow stream must not delay other replies. */
  async connectAlone(wait: LinkWait): Promise<ClientConnection> {
    return new ServerLink(this.#target, this.#openFinder).connect(wait)
  }

  /** Rejects all pending requests. */
  close(reason: CliOpsError): void {
    this.#search?.abort.abort(reason)
    this.#connection?.close(reason)
  }

  #startSearch(): Search {
    const abort = new AbortController()
    const search: Search = {
      found: this.#find(() => search.until, abort.signal),
      abort,
      callers: 0,
      until: 0,
    }
    search.found.then(
      (connection) => {
        if (this.#search !== search) connection.close()
        else this.#connection = connection
        this.#forget(search)
      },
      () => {
        this.#forget(search)
      },
    )
    return search
  }

  #forget(search: Search): void {
    if (this.#search === search) this.#search = undefined
  }

  async #find(until: () => number, signal: AbortSignal): Promise<ClientConnection> {
    const finder = await this.#openFinder()
    return findServer(finder, this.#target, until, signal)
  }

  #join(search: Search, { deadline, signal }: LinkWait): Promise<ClientConnection> {
    return new Promise((resolve, reject) => {
      const remaining = deadline - performance.now()
      const timer =
        remaining > MAX_TIMER_MS
          ? undefined
          : systemClock.startTimer(remaining, () => {
              stopListening?.()
              this.#describeFailure().then(reject, reject)
            })
      const stopListening =
        signal === undefined
          ? undefined
          : onAbort(signal, () => {
              timer?.stop()
              reject(signal.reason as Error)
            })
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          timer?.stop()
          stopListening?.()
          done(value)
        }
      search.found.then(settle(resolve), settle(reject))
    })
  }

  async #describeFailure(): Promise<CliOpsError> {
    const finder = await lookBriefly(() => this.#openFinder())
    if (finder !== undefined) return noResponder(finder.place, this.#target)
    return new CliOpsError(
      'NO_RESPONDER',
      `${JSON.stringify(this.#target.name)} was not found: the engine does not answer`,
    )
  }
}
