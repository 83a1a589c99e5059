import { isObject } from '../base/validation/is-object.js'
import { errorText } from '../base/errors/error-text.js'
import type { RpcChannel, RpcMessage, RpcReceiver } from './contract/rpc-driver.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { BatchReply, MAX_BATCH_LENGTH } from './batch-reply.js'
import { DeadlineTimer } from '../base/wait/deadline-timer.js'
import { InFlightRequest, type RequestOwner } from './in-flight-request.js'
import {
  idOf,
  isReply,
  isRequest,
  RPC_ERROR,
  RPC_METHOD,
  type RpcId,
  type WireError,
  type WireReply,
  type WireRequest,
} from './contract/json-rpc.js'
import type { RequestMethods } from './method-table.js'
import type { Pong } from './contract/ping.js'
import type { FailedRequest, RequestClient } from './request-handler.js'
import type { RequestLog } from './request-log.js'
import { errorReply, toWireError } from './wire-error.js'
import { setTimeout } from '../base/wait/own-timers.js'

/** The options that all connections of a server share. */
export interface ServerConnectionOptions {
  readonly methods: RequestMethods
  /** The source for `$/requests`; without it, that method does not exist. */
  readonly log?: RequestLog
  readonly pong: Pong
  /** Maximum number of concurrent handlers. */
  readonly maxInFlight: number
  /**
   * What happens at the limit: stop reading from the peer until a handler has ended, or refuse requests with `RATE_LIMITED`, if
   * handlers can wait for the peer's next message.
   * @default 'wait'
   */
  readonly whenFull?: 'wait' | 'refuse'
  /** Never throws. */
  readonly onHandlerError: (error: unknown, request: FailedRequest) => void
}

/** A peer that has not ended its side by then does not know `$/closing` or is not running. */
const LEAVE_MS = 50

type Reply = (reply: WireReply) => void

/** Answers the requests of one connection. */
export class ServerConnection implements RpcReceiver, RequestOwner {
  readonly client: RequestClient
  readonly methods: RequestMethods
  readonly #channel: RpcChannel
  readonly #options: ServerConnectionOptions
  readonly #onClose: (error?: Error) => void
  readonly #inFlight = new Set<InFlightRequest>()
  readonly #deadlines = new DeadlineTimer((now) => this.#expire(now))
  readonly #requestsById = new Map<RpcId, InFlightRequest>()
  /** Batch entries that wait for a handler to end; other requests wait unread. */
  readonly #queue: { readonly request: WireRequest; readonly reply: Reply }[] = []
  #drained: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #paused = false
  #refusing = false
  #finishing = false

  constructor(
    channel: RpcChannel,
    client: RequestClient,
    options: ServerConnectionOptions,
    onClose: (error?: Error) => void,
  ) {
    this.client = client
    this.methods = options.methods
    this.#channel = channel
    this.#options = options
    this.#onClose = onClose
    channel.receive(this)
  }

  /** The requests with a running handler. */
  get running(): readonly InFlightRequest[] {
    return [...this.#inFlight]
  }

  onMessage(message: RpcMessage): void {
    if (Array.isArray(message)) this.#acceptBatch(message)
    else this.#accept(message, this.#reply)
    this.#applyBackpressure()
  }

  onInvalid(reason: 'not-json' | 'too-large' | 'bad-frame'): void {
    this.#reply(errorReply(null, this.#describeInvalid(reason)))
  }

  onDrain(): void {
    this.#drained?.resolve()
    this.#drained = undefined
    this.#applyBackpressure()
  }

  /** The peer has ended its side but still gets the outstanding replies. */
  onEnd(): void {
    this.finish()
  }

  onClose(error?: Error): void {
    this.#queue.length = 0
    this.#deadlines.stop()
    this.#drained?.resolve()
    // Most connections end with nothing running, and creating an error costs more than everything else here.
    if (this.#inFlight.size > 0)
      this.abort(new CliOpsError('CONNECTION_LOST', 'the caller has disconnected'))
    this.#onClose(error)
  }

  sendProgress(id: RpcId, value: unknown): Promise<void> {
    this.#send({ jsonrpc: '2.0', method: RPC_METHOD.progress, params: { token: id, value } })
    return this.#drained?.promise ?? Promise.resolve()
  }

  /** Sends a notification; does nothing after the end. */
  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params })
  }

  /** Resolves when everything sent so far has left this process, or the connection has ended. */
  flush(): Promise<void> {
    return this.#channel.flush()
  }

  onHandlerError(error: unknown, { method, client, traceparent }: InFlightRequest): void {
    this.#options.onHandlerError(error, { method, client, traceparent })
  }

  onRequestEnd(request: InFlightRequest): void {
    this.#inFlight.delete(request)
    this.#options.log?.add(request)
    if (request.id !== undefined) this.#requestsById.delete(request.id)
    while (!this.#isFull) {
      const next = this.#queue.shift()
      if (next === undefined) break
      this.#run(next.request, next.reply)
    }
    this.#applyBackpressure()
    this.#closeWhenIdle()
  }

  /**
   * Announces that the server closes. Requests that arrive from now on are refused as not started. The peer has a moment to end its
   * side, so that no request that it is just sending is lost.
   */
  leave(): void {
    this.#refusing = true
    for (const { request, reply } of this.#queue.splice(0)) refuseRequest(request, reply)
    this.#send({ jsonrpc: '2.0', method: RPC_METHOD.closing })
    this.#applyBackpressure()
    const timer = setTimeout(() => {
      this.finish()
    }, LEAVE_MS)
    timer.unref()
  }

  /** Closes the connection as soon as the running requests have been answered. */
  finish(): void {
    this.#finishing = true
    this.#closeWhenIdle()
  }

  /** Aborts the signals of the running handlers. */
  abort(reason: Error): void {
    for (const request of this.#inFlight) request.abort(reason)
  }

  close(): void {
    this.#channel.close()
  }

  ref(): void {
    this.#channel.ref()
  }

  unref(): void {
    this.#channel.unref()
  }

  #acceptBatch(messages: readonly unknown[]): void {
    if (messages.length === 0 || messages.length > MAX_BATCH_LENGTH) {
      const message = `a batch must have 1 to ${MAX_BATCH_LENGTH} entries, got ${messages.length}`
      this.#reply(errorReply(null, { code: RPC_ERROR.invalidRequest, message }))
      return
    }
    const batch = new BatchReply((replies) => {
      this.#sendBatch(replies)
    })
    for (const message of messages) {
      if (isAnswered(message)) batch.expect()
      this.#accept(message, batch.add)
    }
    batch.seal()
  }

  #accept(message: unknown, reply: Reply): void {
    if (!isRequest(message)) {
      // A server sends no requests, so replies are strays; answering them could go back and forth forever.
      if (isAnswered(message)) reply(errorReply(idOf(message), NO_REQUEST))
    } else if (message.method.startsWith('$/')) this.#acceptControl(message, reply)
    else if (this.#refusing) refuseRequest(message, reply)
    else if (!this.#isFull) this.#run(message, reply)
    else if (!this.#refusesWhenFull) this.#queue.push({ request: message, reply })
    else if (message.id === undefined) this.#run(message, reply)
    else reply(errorReply(message.id, toWireError(this.#fullError())))
  }

  /** Answers the protocol's own messages immediately, however busy the handlers are. */
  #acceptControl({ id, method, params }: WireRequest, reply: Reply): void {
    if (method === RPC_METHOD.cancel && isObject(params)) this.#cancel(params['id'])
    if (id === undefined) return
    const { pong, log } = this.#options
    if (method === RPC_METHOD.ping) reply({ jsonrpc: '2.0', id, result: pong })
    else if (method === RPC_METHOD.requests && log !== undefined)
      reply({ jsonrpc: '2.0', id, result: log.report(params) })
    else if (method === RPC_METHOD.cancel) reply({ jsonrpc: '2.0', id, result: null })
    else reply(errorReply(id, { code: RPC_ERROR.methodNotFound, message: 'no such method' }))
  }

  #run(sent: WireRequest, reply: Reply): void {
    const { id } = sent
    const request = new InFlightRequest(sent, this, reply)
    if (id !== undefined) {
      if (this.#requestsById.has(id)) {
        reply(errorReply(id, ID_IN_USE))
        return
      }
      this.#requestsById.set(id, request)
    }
    this.#inFlight.add(request)
    this.#deadlines.watch(request.deadline)
    request.run()
  }

  #expire(now: number): number {
    let next = Infinity
    for (const request of [...this.#inFlight]) {
      if (request.deadline > now) next = Math.min(next, request.deadline)
      else if (!request.isAnswered) request.expire()
    }
    return next
  }

  #cancel(id: unknown): void {
    const index = this.#queue.findIndex(({ request }) => request.id === id && id !== undefined)
    const [queued] = index === -1 ? [] : this.#queue.splice(index, 1)
    if (queued === undefined) this.#requestsById.get(id as RpcId)?.cancel()
    else new InFlightRequest(queued.request, this, queued.reply).cancel()
  }

  get #refusesWhenFull(): boolean {
    return this.#options.whenFull === 'refuse'
  }

  #fullError(): CliOpsError {
    const message = `more than ${this.#options.maxInFlight} concurrent requests on one connection`
    return new CliOpsError('RATE_LIMITED', message)
  }

  get #isFull(): boolean {
    return this.#inFlight.size >= this.#options.maxInFlight
  }

  /** Reads from the peer only while there is room for its requests and it reads the replies. */
  #applyBackpressure(): void {
    const isFull = (this.#isFull && !this.#refusesWhenFull) || this.#queue.length > 0
    const paused = isFull || this.#drained !== undefined
    if (paused === this.#paused) return
    this.#paused = paused
    if (paused) this.#channel.pause()
    else this.#channel.resume()
  }

  #closeWhenIdle(): void {
    if (this.#finishing && this.#inFlight.size === 0 && this.#queue.length === 0) this.close()
  }

  readonly #reply: Reply = (reply) => {
    try {
      this.#send(reply)
    } catch (error) {
      // The handler's result is too large to send.
      const request = this.#requestsById.get(reply.id)
      if (request !== undefined) this.onHandlerError(error, request)
      this.#send(errorReply(reply.id, describeUnsendable(error)))
    }
  }

  #sendBatch(replies: readonly WireReply[]): void {
    try {
      this.#send(replies)
    } catch {
      // Each reply can be within the limit but all of them together above it, and the server must not choose which to omit.
      const message = 'the replies to this batch are too large for one message'
      this.#reply(errorReply(null, { ...this.#describeInvalid('too-large'), message }))
    }
  }

  #send(message: RpcMessage): void {
    if (this.#channel.send(message) || this.#drained !== undefined) return
    let resolve = (): void => undefined
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    this.#drained = { promise, resolve }
    this.#applyBackpressure()
  }

  #describeInvalid(reason: 'not-json' | 'too-large' | 'bad-frame'): WireError {
    switch (reason) {
      case 'not-json':
        return { code: RPC_ERROR.parse, message: 'the message is not valid JSON' }
      case 'bad-frame':
        return { code: RPC_ERROR.parse, message: 'the header has no valid Content-Length' }
      case 'too-large': {
        const message = `the message is larger than ${this.#options.pong.maxMessageBytes} bytes`
        return { code: RPC_ERROR.messageTooLarge, message, data: { code: 'MESSAGE_TOO_LARGE' } }
      }
    }
  }
}

const NO_REQUEST: WireError = {
  code: RPC_ERROR.invalidRequest,
  message: 'not a JSON-RPC 2.0 request; ids must be strings or numbers within 2^53',
}
const ID_IN_USE: WireError = {
  code: RPC_ERROR.invalidRequest,
  message: 'a request with this id is still running',
}

/** Returns whether a peer's message gets a reply: notifications and replies do not. */
function isAnswered(message: unknown): boolean {
  return isRequest(message) ? message.id !== undefined : !isReply(message)
}

function refuseRequest({ id }: WireRequest, reply: Reply): void {
  if (id === undefined) return
  reply(errorReply(id, { code: RPC_ERROR.closing, message: 'the server is closing' }))
}

function describeUnsendable(error: unknown): WireError {
  const message = errorText(error)
  if (!isCliOpsError(error, 'MESSAGE_TOO_LARGE')) return { code: RPC_ERROR.internal, message }
  return { code: RPC_ERROR.messageTooLarge, message, data: { code: 'MESSAGE_TOO_LARGE' } }
}
