import { clearTimeout, ClientConnection, CliOpsError, setTimeout } from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import type { Welcome } from '../protocol/protocol.js'
import { WebSocketChannel } from '../protocol/web-socket-channel.js'
import { fromWireError } from '../protocol/wire-error.js'
import { engineError } from './engine-error.js'
import { linkEnded } from '../protocol/link-ended.js'

/** Handles the hub's notifications. */
export type NotificationListener = (
  method: string,
  params: Readonly<Record<string, unknown>>,
  link: HubLink,
) => void

/** The limits of a call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** @default the time that the engine has to answer; `Infinity` if the hub itself may wait */
  readonly timeoutMs?: number
}

/** Called by a session. */
export interface LinkListeners {
  readonly notification: NotificationListener
  /** Called once, when the connection has ended. */
  readonly end: (session: HubLink) => void
  /** A call has not been answered in time. */
  readonly late: (session: HubLink) => void
}

/** A hub that stops reading holds its clients back; what a client has queued by then is lost with the hub anyway. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024

/**
 * One accepted connection, from its first message to its end. Its requests end with it, and can be repeated over the
 * next one.
 */
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

  /** The hub has resumed the session of the previous connection. */
  get isResumed(): boolean {
    return this.#welcome?.session?.resumed === true
  }

  /** The hub accepts no further requests, and will end the connection soon; until then it keeps the session. */
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

  /** When data last arrived from the hub, on the monotonic clock. */
  get heardAt(): number {
    return this.#channel.heardAt
  }

  /**
   * Sends a request to the hub. Rejects with the hub's error, with `ENGINE_UNAVAILABLE` when the connection ends or the
   * time is up, and with the signal's reason, which also cancels the request at the hub.
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

  /** Sends a notification. After the end it does nothing. */
  notify(method: string, params: object): void {
    this.#connection.post(method, params)
  }

  /** Resolves when everything sent so far has left this process, or the connection has ended. */
  flush(): Promise<void> {
    return this.#connection.flush()
  }

  /** Ends immediately: an orderly end waits for a hub that might not answer. */
  drop(reason: string): void {
    this.#channel.drop(reason)
    this.#connection.close(linkEnded(engineError(this.#url, reason), true))
  }

  /** A hub that announces the end of a connection but does not end it would block clients until every lease is over. */
  #leave(): void {
    this.#isLeaving = true
    const leaseMs = this.#welcome?.leaseMs ?? 0
    setTimeout(() => {
      this.drop('the hub is shutting down, but did not end the connection')
    }, leaseMs / 2).unref()
  }

  /** Ends in order, after everything sent, but within the time left. */
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
