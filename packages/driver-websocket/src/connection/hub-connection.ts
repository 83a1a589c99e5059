import type { IncomingMessage } from 'node:http'

import {
  CliOpsError,
  describeEngine,
  type DriverOptions,
  monotonicMs,
  ownProcess,
} from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import type { HelloParams, Welcome } from '../protocol/protocol.js'
import { Backoff } from './backoff.js'
import { engineError } from './engine-error.js'
import { HubSession, type NotificationListener } from './hub-session.js'
import { openSocket } from './open-socket.js'

/** Takes part in a connection: one for each primitive. */
export interface ConnectionPart {
  /** A connection is there; what was had on the last one is to be taken up. */
  onLive?(session: HubSession): Promise<void> | void
  /** It has ended, and with it all that was bound to it. */
  onLost?(): void
  readonly onNotification?: NotificationListener
  /** Something has to be there for, without a call under way: a reader that waits, a registration. */
  readonly isNeeded?: boolean
  /** Something would be lost with the connection, so silence is borne until a lease has passed. */
  readonly isPrecious?: boolean
}

/** How a call is bounded. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** @default the time that the engine has to answer; `Infinity` where the hub itself may wait */
  readonly timeoutMs?: number
}

/**
 * A connection that is made when it is needed, and made anew after it was lost: by the next call, and in growing intervals while a
 * part needs it. Every call settles within the time that the hub has to answer; none is ever sent twice by itself.
 */
export class HubConnection {
  readonly options: DriverOptions
  readonly #parts: readonly ConnectionPart[]
  readonly #backoff = new Backoff()
  #live: HubSession | undefined
  #connecting: Promise<HubSession> | undefined
  #watch: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: DriverOptions, parts: readonly ConnectionPart[]) {
    this.options = options
    this.#parts = parts
  }

  /** The connection, where there is one. */
  get live(): HubSession | undefined {
    return this.#live
  }

  /**
   * Asks the hub.
   *
   * @throws CliOpsError what the hub says; `ENGINE_UNAVAILABLE`: not sent, or without an answer in time, so that the outcome is
   *   unknown; `CLOSED`
   * @throws the signal's reason once aborted, of which the hub is told
   */
  async call(method: string, params: object, options: CallOptions = {}): Promise<unknown> {
    return this.#within(options, async (signal, deadline) => {
      const session = this.#live ?? (await this.#connect())
      signal.throwIfAborted()
      const sentAt = monotonicMs()
      deadline.onLate = () => {
        // Silent since before the call: the hub hangs, or nothing passes. A new connection knows sooner.
        const isSilent = session.heardAt < sentAt
        if (isSilent && !this.#parts.some(({ isPrecious }) => isPrecious)) session.drop('no answer')
      }
      return session.call(method, params, signal)
    })
  }

  /** Says something that is not answered; nothing where there is no connection. */
  notify(method: string, params: object): void {
    this.#live?.notify(method, params)
  }

  /** Connects, where it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<HubSession> {
    return this.#within({ signal }, () => this.#live ?? this.#connect())
  }

  /** A part has come to need a connection. */
  wake(): void {
    if (this.#live === undefined && this.#connecting === undefined) this.#connectLater()
  }

  /** Ends the connection in order, where the hub answers. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#again)
    clearTimeout(this.#watch)
    await this.#live?.close(timeoutMs)
  }

  #connect(): Promise<HubSession> {
    if (this.#closed) return Promise.reject(closedError())
    clearTimeout(this.#again)
    this.#again = undefined
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
      // Also where nobody has asked for it a second time: a part may need it.
      if (this.#live === undefined) this.#connectLater()
    })
    return this.#connecting
  }

  async #open(): Promise<HubSession> {
    const { url, timeoutMs } = this.options
    let socket: WebSocket
    try {
      socket = openSocket(this.options)
    } catch (error) {
      throw engineError(url, error)
    }
    const session = new HubSession(socket, url, {
      notification: (method, params) => {
        for (const part of this.#parts) part.onNotification?.(method, params)
      },
      end: (ended) => {
        this.#forget(ended)
      },
    })
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`no answer within ${timeoutMs} ms`))
        }, timeoutMs).unref()
      })
      const begun = opened(socket, url).then(() => session.call('hello', this.#hello()))
      session.welcome = (await Promise.race([begun, late])) as Welcome
      if (this.#closed) throw closedError()
    } catch (error) {
      session.drop('it was not reached in time')
      throw engineError(url, error)
    } finally {
      clearTimeout(timer)
    }
    this.#live = session
    this.#backoff.reset()
    this.#watchOver(session)
    void this.#takeUp(session)
    return session
  }

  #hello(): HelloParams {
    const { namespace, leaseMs } = this.options
    const { name, identity, host, user, command, startedAt } = ownProcess()
    return {
      namespace,
      leaseMs,
      process: {
        name,
        pid: identity.pid,
        host,
        user,
        ...(command !== undefined && { command }),
        startedAt: startedAt.getTime(),
      },
    }
  }

  /** One part after the other: a service is registered with the place on which it listens. */
  async #takeUp(session: HubSession): Promise<void> {
    for (const part of this.#parts) {
      try {
        await part.onLive?.(session)
      } catch {
        // Each part tries again by itself what the hub has not taken; what has ended with the connection comes with the next one.
      }
    }
  }

  #forget(session: HubSession): void {
    if (this.#live !== session) return
    this.#live = undefined
    clearTimeout(this.#watch)
    for (const part of this.#parts) part.onLost?.()
    this.#connectLater()
  }

  #connectLater(): void {
    if (this.#closed || this.#again !== undefined) return
    if (!this.#parts.some(({ isNeeded }) => isNeeded)) return
    this.#again = setTimeout(() => {
      this.#again = undefined
      if (this.#live !== undefined || this.#connecting !== undefined) return
      // Nobody needs it any more, or the next attempt follows by itself.
      if (this.#parts.some(({ isNeeded }) => isNeeded)) this.#connect().catch(() => undefined)
    }, this.#backoff.nextMs()).unref()
  }

  /** The hub is heard at least three times in a lease, or it hangs, or nothing passes. */
  #watchOver(session: HubSession): void {
    const { leaseMs } = session.welcome
    clearTimeout(this.#watch)
    this.#watch = setTimeout(() => {
      if (this.#live !== session) return
      if (monotonicMs() - session.heardAt > leaseMs)
        session.drop(`nothing was heard for ${leaseMs} ms`)
      else this.#watchOver(session)
    }, leaseMs / 3).unref()
  }

  /** Runs work that is bounded by the time that the hub has to answer, and by a signal. Rejects as {@link call} does. */
  #within<T>(
    { signal, timeoutMs = this.options.timeoutMs }: CallOptions,
    work: (signal: AbortSignal, deadline: { onLate?: () => void }) => T | Promise<T>,
  ): Promise<T> {
    const { url } = this.options
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      if (this.#closed) {
        reject(closedError())
        return
      }
      const ending = new AbortController()
      const deadline: { onLate?: () => void } = {}
      const fail = (error: Error): void => {
        clear()
        reject(error)
        ending.abort(error)
      }
      const abort = (): void => {
        fail(signal?.reason as Error)
      }
      const timer =
        timeoutMs === Infinity
          ? setInterval(() => undefined, 2 ** 30)
          : setTimeout(() => {
              fail(engineError(url, new Error(`no answer within ${timeoutMs} ms`)))
              deadline.onLate?.()
            }, timeoutMs)
      const clear = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
      }
      signal?.addEventListener('abort', abort, { once: true })
      Promise.resolve()
        .then(() => work(ending.signal, deadline))
        .then((value) => {
          clear()
          resolve(value)
        }, fail)
    })
  }
}

/** Waits for the handshake. Says what a hub that refuses says. */
function opened(socket: WebSocket, url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('close', () => {
      reject(new Error('the connection was lost'))
    })
    socket.once('unexpected-response', (request, response) => {
      readRefusal(response).then((text) => {
        request.destroy()
        reject(refusalError(url, response.statusCode ?? 0, text))
      }, reject)
    })
  })
}

async function readRefusal(response: IncomingMessage): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > 500) break
  }
  return text.split('\n', 1)[0]?.slice(0, 300) ?? ''
}

function refusalError(url: URL, status: number, text: string): CliOpsError {
  const reason = text === '' ? '' : `: ${text}`
  const what =
    status === 401
      ? `does not accept the token${reason}; see CLI_OPS_TOKEN and CLI_OPS_TOKEN_FILE`
      : `refused the connection (${status})${reason}`
  return new CliOpsError('ENGINE_UNAVAILABLE', `${describeEngine(url)} ${what}`)
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the connection to the hub was closed')
}
