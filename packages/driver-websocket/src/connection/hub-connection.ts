import type { IncomingMessage } from 'node:http'

import {
  clearTimeout,
  CliOpsError,
  describeEngine,
  type DriverOptions,
  isCliOpsError,
  KeepAlive,
  monotonicMs,
  ownProcess,
  pause,
  setTimeout,
  settleWithin,
} from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import { RawJson } from '../protocol/message.js'
import type { HelloParams, SessionKey, Welcome } from '../protocol/protocol.js'
import { Backoff } from './backoff.js'
import { engineError } from './engine-error.js'
import { type CallOptions, HubLink, type NotificationListener } from './hub-link.js'
import { endOfLink } from '../protocol/link-ended.js'
import { openSocket } from './open-socket.js'

/** A primitive's part in a connection. */
export interface ConnectionPart {
  /** A new connection is open: restore the state of the last one. */
  onLive?(session: HubLink): Promise<void> | void
  /** The connection has ended. */
  onLost?(): void
  readonly onNotification?: NotificationListener
  /** Whether the part needs a connection without a call in progress, for a waiting reader or a registration. */
  readonly isNeeded?: boolean
}

/** What happens to a call whose connection ends. */
export interface HubCallOptions extends CallOptions {
  /**
   * `'again'`: it can be repeated, since repeating it changes nothing. `'once'`: it can be repeated only at a hub that
   * still knows whether it was done. `'never'`: it has a meaning only on its own connection.
   * @default 'again'
   */
  readonly repeat?: 'again' | 'once' | 'never' | undefined
}

/**
 * A connection opened on demand, and reopened after a loss: by the next call, and at growing intervals while a part
 * needs it. The session continues over the new connections, and so do repeatable calls. Every call settles within the
 * time that the hub has to answer.
 */
export class HubConnection {
  readonly options: DriverOptions
  readonly #parts: readonly ConnectionPart[]
  readonly #backoff = new Backoff()
  #live: HubLink | undefined
  #connecting: Promise<HubLink> | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #closed = false
  #session: SessionKey | undefined
  #lostAt: number | undefined
  #lastRequest = 0

  constructor(options: DriverOptions, parts: readonly ConnectionPart[]) {
    this.options = options
    this.#parts = parts
  }

  /** The connection, if there is one. */
  get live(): HubLink | undefined {
    return this.#live
  }

  /**
   * Sends a request to the hub, across connections that end meanwhile.
   *
   * @throws CliOpsError the hub's error; `ENGINE_UNAVAILABLE` if it was not sent, or got no answer in time, so that the
   *   outcome is unknown; `CLOSED`
   * @throws the signal's reason once aborted, which also cancels the request at the hub
   */
  async call(
    method: string,
    params: object,
    { signal, timeoutMs = this.options.timeoutMs, repeat = 'again' }: HubCallOptions = {},
  ): Promise<unknown> {
    const alive = new KeepAlive()
    alive.ref()
    try {
      const deadline = performance.now() + timeoutMs
      const numbered = repeat === 'once' ? this.#number(params) : params
      let wasSent = false
      for (;;) {
        const link = this.#usable ?? (await this.#reconnect(deadline, signal))
        // Another hub, or this one after a restart, does not know whether it was done.
        if (wasSent && repeat === 'once' && !link.isResumed) throw unknownOutcome(this.options.url)
        try {
          return await link.call(method, numbered, { signal, timeoutMs, deadline })
        } catch (error) {
          const end = endOfLink(error)
          if (end === undefined || this.#closed) throw error
          if (repeat === 'never' && end.wasSent) throw error
          // Callers that wait without a limit set their own.
          if (deadline === Infinity || performance.now() >= deadline) throw error
          wasSent ||= end.wasSent
        }
      }
    } finally {
      alive.unref()
    }
  }

  /** The connection, if its hub accepts further requests. */
  get #usable(): HubLink | undefined {
    return this.#live?.isLeaving === false ? this.#live : undefined
  }

  /** Sends a notification, or nothing if there is no connection. */
  notify(method: string, params: object): void {
    this.#live?.notify(method, params)
  }

  /** Connects if it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<HubLink> {
    const { url, timeoutMs } = this.options
    const late = (): Error => engineError(url, `no answer within ${timeoutMs} ms`)
    return settleWithin({ timeoutMs, signal, late }, async () => {
      if (this.#live?.isLeaving === true) await this.#live.ended
      return this.#live ?? this.#connect()
    })
  }

  /** Connects. If a connection ended a moment ago, keeps trying until the deadline, since the hub can come back. */
  async #reconnect(deadline: number, signal?: AbortSignal): Promise<HubLink> {
    for (;;) {
      try {
        return await this.connect(signal)
      } catch (error) {
        signal?.throwIfAborted()
        const isPassing = isCliOpsError(error, 'ENGINE_UNAVAILABLE') && !this.#closed
        const pauseMs = this.#nextPauseMs
        const hasTime = deadline !== Infinity && performance.now() + pauseMs < deadline
        if (!isPassing || !hasTime || !this.#wasLiveLately) throw error
        await pause(pauseMs, signal)
      }
    }
  }

  /** What could be lost at the end of a lease is worth more attempts within it. */
  get #nextPauseMs(): number {
    return this.#backoff.nextMs(
      this.#wasLiveLately ? Math.min(2_000, Math.max(100, this.options.leaseMs / 20)) : undefined,
    )
  }

  /** A session can be resumed for one lease. */
  get #wasLiveLately(): boolean {
    return this.#lostAt !== undefined && monotonicMs() - this.#lostAt < this.options.leaseMs
  }

  #number(params: object): object {
    this.#lastRequest += 1
    if (!(params instanceof RawJson)) return { ...params, request: this.#lastRequest }
    return new RawJson(`{"request":${this.#lastRequest},${params.text.slice(1)}`)
  }

  /** Tells it that a part now needs a connection. */
  wake(): void {
    if (this.#live === undefined && this.#connecting === undefined) this.#connectLater()
  }

  /** Closes the connection in an orderly way, if the hub answers. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#silenceTimer)
    await this.#live?.close(timeoutMs)
  }

  #connect(): Promise<HubLink> {
    if (this.#closed) return Promise.reject(closedError())
    clearTimeout(this.#retryTimer)
    this.#retryTimer = undefined
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined
      // Even if nothing has requested it again: a part may need it.
      if (this.#live === undefined) this.#connectLater()
    })
    return this.#connecting
  }

  async #open(): Promise<HubLink> {
    const { url, timeoutMs } = this.options
    let socket: WebSocket
    try {
      socket = openSocket(this.options)
    } catch (error) {
      throw engineError(url, error)
    }
    const session = new HubLink(socket, url, {
      notification: (method, params, link) => {
        for (const part of this.#parts) part.onNotification?.(method, params, link)
      },
      end: (ended) => {
        this.#forget(ended)
      },
      late: (silent) => {
        this.#onLate(silent)
      },
    })
    let timer: NodeJS.Timeout | undefined
    let isOpen = false
    try {
      // Unless a call is waiting, this keeps no process alive.
      const late = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`no answer within ${timeoutMs} ms`))
        }, timeoutMs).unref()
      })
      const begun = opened(socket, url).then(() => {
        isOpen = true
        return session.call('hello', this.#hello())
      })
      session.welcome = (await Promise.race([begun, late])) as Welcome
      if (this.#closed) throw closedError()
      const {
        session: { id, secret },
      } = session.welcome
      this.#session = { id, secret }
    } catch (error) {
      session.drop('it could not be reached in time')
      // The access key has changed, so the session is over.
      if (isOpen && isCliOpsError(error, 'FORBIDDEN') && this.#session !== undefined) {
        this.#session = undefined
        return await this.#open()
      }
      throw engineError(url, error)
    } finally {
      clearTimeout(timer)
    }
    this.#live = session
    this.#lostAt = undefined
    this.#backoff.reset()
    this.#watchOver(session)
    void this.#restoreParts(session)
    return session
  }

  #hello(): HelloParams {
    const { namespace, leaseMs } = this.options
    const { name, identity, host, user, command, startedAt } = ownProcess()
    return {
      namespace,
      leaseMs,
      session: this.#session,
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

  /** One part after the other: registering a service requires the address on which it listens. */
  async #restoreParts(session: HubLink): Promise<void> {
    for (const part of this.#parts) {
      try {
        await part.onLive?.(session)
      } catch {
        // Each part retries what the hub did not accept. What ended with the connection is restored on the next one.
      }
    }
  }

  #forget(session: HubLink): void {
    if (this.#live !== session) return
    this.#live = undefined
    this.#lostAt = monotonicMs()
    clearTimeout(this.#silenceTimer)
    for (const part of this.#parts) part.onLost?.()
    this.#connectLater()
  }

  #connectLater(): void {
    if (this.#closed || this.#retryTimer !== undefined) return
    if (!this.#parts.some(({ isNeeded }) => isNeeded)) return
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined
      if (this.#live !== undefined || this.#connecting !== undefined) return
      // Either nothing needs it any more, or the next attempt follows.
      if (this.#parts.some(({ isNeeded }) => isNeeded)) this.#connect().catch(() => undefined)
    }, this.#nextPauseMs).unref()
  }

  /** A healthy hub sends something at least three times in a lease. */
  #watchOver(session: HubLink): void {
    const { leaseMs } = session.welcome
    clearTimeout(this.#silenceTimer)
    this.#silenceTimer = setTimeout(() => {
      if (this.#live !== session) return
      if (monotonicMs() - session.heardAt > leaseMs)
        session.drop(`the hub was silent for ${leaseMs} ms`)
      else this.#watchOver(session)
    }, leaseMs / 3).unref()
  }

  /**
   * A connection that was silent for as long as a call may take has hung, or nothing gets through. A new connection
   * shows that sooner.
   */
  #onLate(session: HubLink): void {
    const isSilent = monotonicMs() - session.heardAt >= this.options.timeoutMs
    if (isSilent) session.drop('no answer')
  }
}

/** Waits for the handshake. Rejects with the reason that the hub gives for a refusal. */
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
  if (status === 401)
    return new CliOpsError(
      'FORBIDDEN',
      `${describeEngine(url)} does not accept the access key${reason}; see CLI_OPS_TOKEN and CLI_OPS_TOKEN_FILE`,
    )
  const what = `refused the connection (${status})${reason}`
  return new CliOpsError('ENGINE_UNAVAILABLE', `${describeEngine(url)} ${what}`)
}

function unknownOutcome(url: URL): CliOpsError {
  const message = `${describeEngine(url)} was lost before its answer; the outcome is unknown`
  return new CliOpsError('ENGINE_UNAVAILABLE', message)
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the connection to the hub was closed')
}
