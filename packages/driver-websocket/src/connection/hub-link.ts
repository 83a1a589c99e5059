import { ClientConnection, CliOpsError } from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import type { Welcome } from '../protocol/protocol.js'
import { WebSocketChannel } from '../protocol/web-socket-channel.js'
import { fromWireError } from '../protocol/wire-error.js'
import { engineError } from './engine-error.js'
import { linkEnded } from './link-ended.js'

/** Takes what a hub says of its own accord. */
export type NotificationListener = (
  method: string,
  params: Readonly<Record<string, unknown>>,
  link: HubLink,
) => void

/** How a call is bounded. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** @default the time that the engine has to answer; `Infinity` where the hub itself may wait */
  readonly timeoutMs?: number
}

/** What a session reports. */
export interface LinkListeners {
  readonly notification: NotificationListener
  /** Called once, when the connection has ended. */
  readonly end: (session: HubLink) => void
  /** A call was not answered in time. */
  readonly late: (session: HubLink) => void
}

/** A hub that is not read holds its clients back; what a client has queued by then is lost with it anyway. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024

/** One connection that was accepted, from its first message to its end. Requests of it end with it, and may be made again over the next one. */
export class HubLink {
  readonly #socket: WebSocket
  readonly #url: URL
  readonly #channel: WebSocketChannel
  readonly #connection: ClientConnection
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>
  #welcome: Welcome | undefined
  #isLeaving = false

  constructor(socket: WebSocket, url: URL, on: LinkListeners) {
    this.#socket = socket
    this.#url = url
    this.#channel = new WebSocketChannel(socket, { maxUnreadBytes: MAX_UNREAD_BYTES })
    this.#connection = new ClientConnection(this.#channel, {
      label: 'the hub',
      toError: fromWireError,
      toFailure: (failure) => {
        if (failure.code === 'REQUEST_TIMEOUT') on.late(this)
        const error = engineError(url, failure.cause ?? failure.message)
        if (failure.code === 'NO_RESPONDER') return linkEnded(error, false)
        return failure.code === 'CONNECTION_LOST' ? linkEnded(error, true) : error
      },
      onNotification: (method, params) => {
        on.notification(method, (params ?? {}) as Readonly<Record<string, unknown>>, this)
      },
      onClosing: () => {
        this.#leave()
      },
    })
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        on.end(this)
        resolve()
      })
    })
  }

  /** The hub has gone on with the session of the connection before. */
  get isResumed(): boolean {
    return this.#welcome?.session?.resumed === true
  }

  /** The hub takes no further requests, and is about to end the connection: until then the session is still its own. */
  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** What the hub has granted. */
  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new TypeError('the session has not begun yet')
    return this.#welcome
  }

  set welcome(welcome: Welcome) {
    this.#welcome = welcome
  }

  /** When anything last came from the hub, on the monotonic clock. */
  get heardAt(): number {
    return this.#channel.heardAt
  }

  /**
   * Asks the hub. Rejects with what it says, with `ENGINE_UNAVAILABLE` when the connection ends or the time has passed, and with the
   * reason of the signal, of which the hub is told as well.
   */
  call(
    method: string,
    params: object,
    {
      signal,
      timeoutMs = Infinity,
      deadline = performance.now() + timeoutMs,
    }: CallOptions & { readonly deadline?: number } = {},
  ): Promise<unknown> {
    return this.#connection.request({ method, params, timeoutMs, deadline, signal })
  }

  /** Says something that is not answered. After the end it does nothing. */
  notify(method: string, params: object): void {
    this.#connection.post(method, params)
  }

  /** Resolves when everything said so far has left this process, or the connection has ended. */
  flush(): Promise<void> {
    return this.#connection.flush()
  }

  /** Ends at once: an orderly end waits for a hub that may not answer. */
  drop(reason: string): void {
    this.#channel.drop(reason)
    this.#connection.close(linkEnded(engineError(this.#url, reason), true))
  }

  /** A hub that does not end what it has announced to end would be waited for until every lease is over. */
  #leave(): void {
    this.#isLeaving = true
    const leaseMs = this.#welcome?.leaseMs ?? 0
    setTimeout(() => {
      this.drop('the hub is being stopped, and has not ended the connection')
    }, leaseMs / 2).unref()
  }

  /** Ends in order, after what was sent, but within the time that is left. */
  async close(timeoutMs: number): Promise<void> {
    this.#connection.close(new CliOpsError('CLOSED', 'the connection to the hub was closed'))
    if (this.#socket.readyState === this.#socket.CLOSED) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#socket.terminate()
        resolve()
      }, timeoutMs)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
