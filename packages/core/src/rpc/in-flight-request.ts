import { isPromiseLike } from '../base/wait/promise-like.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { errorText } from '../base/errors/error-text.js'
import { isInstance } from '../base/errors/is-instance.js'
import { toPlain } from '../base/validation/to-json.js'
import {
  RPC_ERROR,
  type RpcId,
  type WireError,
  type WireReply,
  type WireRequest,
} from './contract/json-rpc.js'
import { type RequestMethods, RequestRefused } from './method-table.js'
import type { RequestClient, RequestContext } from './request-handler.js'
import type { LoggedRequest, RequestOutcome } from './request-log.js'
import { errorReply, toWireError } from './wire-error.js'

/** What a request needs from its connection. */
export interface RequestOwner {
  readonly client: RequestClient
  readonly methods: RequestMethods
  /** Sends an intermediate value; resolves when more can be sent. */
  sendProgress(id: RpcId, value: unknown): Promise<void>
  /** The server's own code failed: its handler, or the value that it returned. */
  onHandlerError(error: unknown, request: InFlightRequest): void
  /** The handler has ended, regardless of the reply. */
  onRequestEnd(request: InFlightRequest): void
}

/** One request, from the call of its handler to the handler's end. A request is answered exactly once, a notification never. */
export class InFlightRequest implements RequestContext, LoggedRequest {
  readonly #request: WireRequest
  readonly #owner: RequestOwner
  readonly #reply: (reply: WireReply) => void
  readonly startedAt = performance.now()
  /** Instant of `performance.now()` at which {@link expire} is due. */
  readonly deadline: number
  #outcome: RequestOutcome = 'answered'
  #answered = false
  #controller: AbortController | undefined
  #abortReason: Error | undefined
  #progress: RequestContext['progress'] | undefined

  constructor(request: WireRequest, owner: RequestOwner, reply: (reply: WireReply) => void) {
    this.#request = request
    this.#owner = owner
    this.#reply = reply
    const { id, timeoutMs } = request
    this.deadline =
      id === undefined || timeoutMs === undefined || timeoutMs === null
        ? Infinity
        : this.startedAt + timeoutMs
  }

  get id(): RpcId | undefined {
    return this.#request.id
  }

  get method(): string {
    return this.#request.method
  }

  get outcome(): RequestOutcome {
    return this.#outcome
  }

  /** True once a reply was sent; the handler might still be running. */
  get isAnswered(): boolean {
    return this.#answered
  }

  get client(): RequestClient {
    return this.#owner.client
  }

  get traceparent(): string | undefined {
    return this.#request.traceparent ?? undefined
  }

  /** Created on first use: most handlers never read it, and a signal costs more than the rest of a request. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  /** A function without `this`, since handlers destructure the context; created on first use. */
  get progress(): RequestContext['progress'] {
    return (this.#progress ??= (value) => this.#sendProgress(value))
  }

  /** Calls the handler. */
  run(): void {
    const { method, params } = this.#request
    let result: unknown
    let isPending: boolean
    try {
      result = this.#owner.methods.call(method, params, this)
      isPending = isPromiseLike(result)
    } catch (error) {
      this.#fail(error)
      return
    }
    if (isPending) void this.#settle(result)
    else this.#succeed(result)
  }

  /** Replies immediately that the deadline has passed, and aborts the handler's signal. */
  expire(): void {
    this.#outcome = 'expired'
    this.abort(new CliOpsError('REQUEST_TIMEOUT', 'the deadline of the request has passed'))
    this.#answerError({
      code: RPC_ERROR.deadline,
      message: 'the deadline of the request has passed',
      data: { code: 'REQUEST_TIMEOUT' },
    })
  }

  /** Replies immediately that the request was cancelled, and aborts the handler's signal. */
  cancel(): void {
    this.#outcome = 'cancelled'
    this.abort(new DOMException('the caller cancelled the request', 'AbortError'))
    this.#answerError({ code: RPC_ERROR.cancelled, message: 'cancelled by the caller' })
  }

  /** Aborts the handler's signal: its result is no longer needed. */
  abort(reason: Error): void {
    if (this.#abortReason !== undefined) return
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }

  /** Awaited, since a foreign promise's then() can throw or call back twice. */
  async #settle(pending: unknown): Promise<void> {
    let result: unknown
    try {
      result = await pending
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#succeed(result)
  }

  #sendProgress(value: unknown): Promise<void> {
    const { id } = this.#request
    if (id === undefined || this.#answered) return Promise.resolve()
    return this.#owner.sendProgress(id, toPlain('progress', value))
  }

  #succeed(result: unknown): void {
    const { id } = this.#request
    if (id !== undefined && !this.#answered) {
      try {
        this.#answer({ jsonrpc: '2.0', id, result: toPlain('the result', result ?? null) })
      } catch (error) {
        this.#outcome = 'failed'
        this.#owner.onHandlerError(error, this)
        this.#answerError({ code: RPC_ERROR.internal, message: errorText(error) })
      }
    }
    this.#end()
  }

  #fail(error: unknown): void {
    if (this.#outcome === 'answered') this.#outcome = 'failed'
    const wireError = isInstance(error, RequestRefused) ? error.wireError : toWireError(error)
    const isCallers = isInstance(error, RequestRefused) && wireError.code !== RPC_ERROR.internal
    if (!isCallers) this.#owner.onHandlerError(error, this)
    if (!this.#answered) this.#answerError(wireError)
    this.#end()
  }

  #answerError(error: WireError): void {
    if (this.#request.id !== undefined) this.#answer(errorReply(this.#request.id, error))
  }

  #answer(reply: WireReply): void {
    if (this.#answered) return
    this.#answered = true
    this.#reply(reply)
  }

  #end(): void {
    this.#owner.onRequestEnd(this)
  }
}
