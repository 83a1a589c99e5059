import { isObject } from '../base/validation/is-object.js'
import type { RpcChannel, RpcMessage, RpcReceiver } from './contract/rpc-driver.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { DeadlineTimer } from '../base/wait/deadline-timer.js'
import {
  isReply,
  RPC_METHOD,
  type WireError,
  type WireReply,
  type WireRequest,
} from './contract/json-rpc.js'
import { type OutgoingRequest, type PendingOwner, PendingRequest } from './pending-request.js'
import type { Pong } from './contract/ping.js'
import { fromWireError } from './wire-error.js'

/** The server at the other end: its limits, and how to report its errors. */
export interface ConnectedServer {
  /** Such as `cli-alpha (pid 4242)`. */
  readonly label: string
  readonly pong?: Pong | undefined
  /**
   * The limit of this side.
   * @default that of the server
   */
  readonly maxMessageBytes?: number
  /**
   * Creates a request's error from the error in its reply.
   * @default {@link fromWireError}
   */
  readonly toError?: (error: WireError, method: string) => Error
  /**
   * Rephrases the error of an unanswered request: `REQUEST_TIMEOUT`, `CONNECTION_LOST`, `INVALID_MESSAGE`, or `NO_RESPONDER` if it was
   * not sent.
   * @default unchanged
   */
  readonly toFailure?: (failure: CliOpsError) => Error
  /** Receives the server's notifications. */
  readonly onNotification?: (method: string, params: unknown) => void
  /**
   * Called when the server accepts no further requests. It ends the connection once it has answered the pending ones.
   * @default this side ends it once nothing is pending
   */
  readonly onClosing?: () => void
}

/**
 * Many requests on one connection. It keeps the process alive only while a request is pending. Requests are never sent twice: when the
 * connection ends, everything pending is rejected with `CONNECTION_LOST`.
 */
export class ClientConnection implements RpcReceiver, PendingOwner {
  readonly #channel: RpcChannel
  readonly #server: ConnectedServer
  readonly #pending = new Map<number, PendingRequest>()
  readonly #deadlines = new DeadlineTimer((now) => this.#expire(now))
  /** Requests that wait until the server reads faster. */
  #unsent: PendingRequest[] = []
  #congested = false
  #nextId = 1
  #open = true
  #endedBy: Error | undefined
  /** The server accepts no further requests; pending ones are still answered. */
  #leaving = false

  constructor(channel: RpcChannel, server: ConnectedServer) {
    this.#channel = channel
    this.#server = server
    channel.receive(this)
    channel.unref()
  }

  get label(): string {
    return this.#server.label
  }

  /** False when further requests need another connection. */
  get isOpen(): boolean {
    return this.#open && !this.#leaving
  }

  /**
   * Sends a request and resolves to its result.
   *
   * @throws CliOpsError `REQUEST_TIMEOUT`, `CONNECTION_LOST`, `MESSAGE_TOO_LARGE`, `REMOTE_ERROR`, `INVALID_MESSAGE`,
   *   `NO_RESPONDER` if nothing was sent or the server refused to start; the signal's reason once aborted
   */
  request(outgoing: OutgoingRequest): Promise<unknown> {
    // The caller might have given up since the connection was made: then nothing is sent.
    if (outgoing.signal?.aborted === true) return Promise.reject(outgoing.signal.reason as Error)
    if (!this.#open) return Promise.reject(this.#unsendable())
    const id = this.#nextId
    this.#nextId += 1
    return new Promise((resolve, reject) => {
      const request = new PendingRequest(id, outgoing, this, resolve, reject)
      if (this.#pending.size === 0) this.#keepAlive(true)
      this.#pending.set(id, request)
      this.#deadlines.watch(outgoing.deadline)
      request.listen()
      if (this.#congested) this.#unsent.push(request)
      else this.#send(request)
    })
  }

  /** Sends a notification; resolves when it has left this process. */
  async notify(method: string, params: unknown): Promise<void> {
    if (!this.#open) throw this.#unsendable()
    const message: WireRequest = { jsonrpc: '2.0', method, params }
    this.#assertAccepted(message)
    this.#channel.send(message)
    await this.#channel.flush()
  }

  /** Sends a notification; does nothing after the end. */
  post(method: string, params: unknown): void {
    if (this.#open) this.#channel.send({ jsonrpc: '2.0', method, params })
  }

  /** Resolves when everything sent so far has left this process, or the connection has ended. */
  flush(): Promise<void> {
    return this.#channel.flush()
  }

  /** Stops reading from the server, to let a slow consumer of a stream catch up. */
  pause(): void {
    this.#channel.pause()
  }

  resume(): void {
    this.#channel.resume()
  }

  /** Ends the connection and rejects all pending requests. */
  close(reason?: Error): void {
    this.#fail(reason ?? new CliOpsError('CLOSED', 'the client was closed'))
    this.#channel.close()
  }

  onMessage(message: RpcMessage): void {
    if (isReply(message)) {
      this.#settle(message)
    } else if (isObject(message)) {
      if (message['method'] === undefined) this.#refuseReply(message['id'])
      else this.#acceptNotification(message)
    }
  }

  onInvalid(reason: 'not-json' | 'too-large' | 'bad-frame'): void {
    // It is unknown which request this was meant to answer, and the others must not wait forever.
    const { label } = this.#server
    this.close(
      this.toFailure(
        reason === 'too-large'
          ? new CliOpsError(
              'MESSAGE_TOO_LARGE',
              `a reply of ${label} is larger than maxMessageBytes`,
            )
          : new CliOpsError('INVALID_MESSAGE', `${label} sent invalid JSON`),
      ),
    )
  }

  onDrain(): void {
    this.#congested = false
    const unsent = this.#unsent
    this.#unsent = []
    for (const request of unsent) {
      if (this.#congested) this.#unsent.push(request)
      else if (this.#pending.has(request.id)) this.#send(request)
    }
  }

  onEnd(): void {
    this.#fail(this.#lost(undefined))
    this.#channel.close()
  }

  onClose(error?: Error): void {
    this.#fail(this.#lost(error))
  }

  toFailure(failure: CliOpsError): Error {
    return this.#server.toFailure?.(failure) ?? failure
  }

  forget(request: PendingRequest): void {
    this.#pending.delete(request.id)
    if (this.#pending.size > 0) return
    this.#keepAlive(false)
    this.#closeWhenLeft()
  }

  cancel(request: PendingRequest): void {
    if (!this.#open || !request.sent) return
    const params = { id: request.id }
    this.#channel.send({ jsonrpc: '2.0', method: RPC_METHOD.cancel, params })
  }

  /** Rejects a request whose reply has neither a result nor a valid error: no other reply will come. */
  #refuseReply(id: unknown): void {
    const request = this.#pending.get(id as number)
    request?.reject(
      this.toFailure(
        new CliOpsError(
          'INVALID_MESSAGE',
          `${this.#server.label} answered ${JSON.stringify(request.method)} with an invalid reply; the outcome is unknown`,
        ),
      ),
    )
  }

  #acceptNotification({ method, params }: Readonly<Record<string, unknown>>): void {
    if (method === RPC_METHOD.closing) {
      this.#leaving = true
      if (this.#server.onClosing === undefined) this.#closeWhenLeft()
      else this.#server.onClosing()
    } else if (method === RPC_METHOD.progress && isObject(params)) {
      this.#pending.get(params['token'] as number)?.onProgress(params['value'])
    } else this.#server.onNotification?.(String(method), params)
  }

  #closeWhenLeft(): void {
    if (!this.#leaving || this.#server.onClosing !== undefined) return
    if (this.#pending.size === 0) this.#channel.close()
  }

  #send(request: PendingRequest): void {
    try {
      const message = request.toMessage()
      this.#assertAccepted(message)
      if (!this.#channel.send(message)) this.#congested = true
      request.sent = true
    } catch (error) {
      request.reject(error)
    }
  }

  #settle(reply: WireReply): void {
    if (reply.id === null && 'error' in reply) {
      this.close(
        this.toFailure(
          new CliOpsError(
            'CONNECTION_LOST',
            `${this.#server.label} could not read a request: ${reply.error.message}; the outcome of all pending requests is unknown`,
          ),
        ),
      )
      return
    }
    const request = this.#pending.get(reply.id as number)
    // A late reply to a cancelled or expired request.
    if (request === undefined) return
    if ('error' in reply) request.reject(this.#toError(reply.error, request.method))
    else request.resolve(reply.result)
  }

  #toError(error: WireError, method: string): Error {
    const { label, toError } = this.#server
    return toError?.(error, method) ?? fromWireError(error, label, method)
  }

  #keepAlive(keepsAlive: boolean): void {
    this.#deadlines.keepAlive(keepsAlive)
    if (keepsAlive) this.#channel.ref()
    else this.#channel.unref()
  }

  #expire(now: number): number {
    let next = Infinity
    for (const request of [...this.#pending.values()]) {
      if (request.deadline <= now) request.expire()
      else next = Math.min(next, request.deadline)
    }
    return next
  }

  #fail(reason: Error): void {
    this.#open = false
    this.#endedBy ??= reason
    this.#deadlines.stop()
    this.#unsent = []
    for (const request of [...this.#pending.values()]) request.reject(reason)
  }

  /** The error for a request after the connection has ended. */
  #unsendable(): Error {
    if (isCliOpsError(this.#endedBy, 'CLOSED')) return this.#endedBy
    return this.toFailure(
      new CliOpsError(
        'NO_RESPONDER',
        `the connection to ${this.#server.label} ended before the request; nothing was sent`,
        { cause: this.#endedBy },
      ),
    )
  }

  #lost(cause: Error | undefined): Error {
    return this.toFailure(
      new CliOpsError(
        'CONNECTION_LOST',
        `the connection to ${this.#server.label} ended before the reply; the outcome is unknown`,
        cause === undefined ? {} : { cause },
      ),
    )
  }

  /** A server with a smaller limit than ours would drop the connection and everything pending on it. */
  #assertAccepted(message: WireRequest): void {
    const limit = this.#server.pong?.maxMessageBytes ?? Infinity
    if (limit >= (this.#server.maxMessageBytes ?? limit)) return
    const bytes = Buffer.byteLength(JSON.stringify(message))
    if (bytes <= limit) return
    throw new CliOpsError(
      'MESSAGE_TOO_LARGE',
      `a message of ${bytes} bytes is larger than the ${limit} that ${this.#server.label} accepts`,
      { details: { bytes, maxMessageBytes: limit } },
    )
  }
}
