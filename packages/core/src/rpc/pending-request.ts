import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type { WireRequest } from './contract/json-rpc.js'
import { onAbort } from '../base/wait/abort-signal.js'

/** A request as the client passes it to a connection. */
export interface OutgoingRequest {
  readonly method: string
  readonly params: unknown
  /** Instant of `performance.now()` at which the caller stops waiting; `Infinity` for never. */
  readonly deadline: number
  /** The timeout that the caller requested, for the message. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly traceparent?: string | undefined
  readonly onProgress?: ((value: unknown) => void) | undefined
}

/** What a pending request needs from its connection. */
export interface PendingOwner {
  /** Such as `cli-alpha (pid 4242)`. */
  readonly label: string
  /** The request is no longer pending. */
  forget(request: PendingRequest): void
  /** The caller no longer waits for the reply, so the server can stop. */
  cancel(request: PendingRequest): void
  /** Rephrases the error of an unanswered request for this connection. */
  toFailure(failure: CliOpsError): Error
}

/** One request from its creation to its only end: a reply, the deadline, the caller's signal, or the connection's end. */
export class PendingRequest {
  readonly id: number
  sent = false
  readonly #outgoing: OutgoingRequest
  readonly #owner: PendingOwner
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: unknown) => void
  #stopListening: (() => void) | undefined
  #ended = false

  constructor(
    id: number,
    outgoing: OutgoingRequest,
    owner: PendingOwner,
    resolve: (result: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.id = id
    this.#outgoing = outgoing
    this.#owner = owner
    this.#resolve = resolve
    this.#reject = reject
  }

  get method(): string {
    return this.#outgoing.method
  }

  /** Instant of `performance.now()` at which {@link expire} is due. */
  get deadline(): number {
    return this.#outgoing.deadline
  }

  /** Starts to watch the caller's signal. */
  listen(): void {
    const { signal } = this.#outgoing
    if (signal === undefined) return
    this.#stopListening = onAbort(signal, () => {
      this.#giveUp(signal.reason)
    })
  }

  /** Ends the request because its deadline has passed. */
  expire(): void {
    this.#giveUp(this.#owner.toFailure(this.#timeoutError()))
  }

  toMessage(): WireRequest {
    const { method, params, deadline, traceparent } = this.#outgoing
    return {
      jsonrpc: '2.0',
      id: this.id,
      method,
      // JSON omits undefined members.
      params,
      timeoutMs:
        deadline === Infinity ? undefined : Math.ceil(Math.max(0, deadline - performance.now())),
      traceparent,
    } as WireRequest
  }

  onProgress(value: unknown): void {
    this.#outgoing.onProgress?.(value)
  }

  resolve(result: unknown): void {
    if (this.#end()) this.#resolve(result)
  }

  reject(error: unknown): void {
    if (this.#end()) this.#reject(error)
  }

  #giveUp(error: unknown): void {
    if (this.#ended) return
    this.#owner.cancel(this)
    this.reject(error)
  }

  #end(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#stopListening?.()
    this.#owner.forget(this)
    return true
  }

  #timeoutError(): CliOpsError {
    const { method, timeoutMs } = this.#outgoing
    const details = { method, timeoutMs, server: this.#owner.label }
    const span = `within ${timeoutMs} ms`
    if (this.sent) {
      return new CliOpsError(
        'REQUEST_TIMEOUT',
        `${this.#owner.label} did not answer ${JSON.stringify(method)} ${span}; it may still have done it`,
        { details },
      )
    }
    return new CliOpsError(
      'NO_RESPONDER',
      `${this.#owner.label} did not accept ${JSON.stringify(method)} ${span}; nothing was sent`,
      { details },
    )
  }
}
