import { CliOpsError } from '../errors/cli-ops-error.js'
import type { WireRequest } from './json-rpc.js'
import { onAbort } from './on-abort.js'
import { MAX_TIMER_MS } from './timer-limit.js'

/** A request as the client hands it to a connection. */
export interface OutgoingRequest {
  readonly method: string
  readonly params: unknown
  /** Instant of `performance.now()` at which the caller stops waiting; `Infinity` for never. */
  readonly deadline: number
  /** What the caller asked for, for the message. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly traceparent?: string | undefined
  readonly onProgress?: ((value: unknown) => void) | undefined
}

/** What a pending request reports. */
interface PendingOwner {
  resolve(result: unknown): void
  reject(error: unknown): void
  /** The request is not pending any more. */
  onEnd(request: PendingRequest): void
  /** Nobody waits for the reply any more, so the server may stop. */
  cancel(request: PendingRequest): void
}

/** One request from its making to its one end: a reply, the deadline, the caller's signal, or the connection's end. */
export class PendingRequest {
  readonly id: number
  sent = false
  readonly #outgoing: OutgoingRequest
  readonly #server: string
  readonly #owner: PendingOwner
  #timer: NodeJS.Timeout | undefined
  #stopListening: (() => void) | undefined
  #ended = false

  constructor(id: number, outgoing: OutgoingRequest, server: string, owner: PendingOwner) {
    this.id = id
    this.#outgoing = outgoing
    this.#server = server
    this.#owner = owner
  }

  get method(): string {
    return this.#outgoing.method
  }

  /** Begins to watch the deadline and the signal. */
  start(): void {
    const { deadline, signal } = this.#outgoing
    const remaining = deadline - performance.now()
    if (remaining <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => {
        this.#giveUp(this.#timeoutError())
      }, remaining)
    }
    if (signal !== undefined) {
      this.#stopListening = onAbort(signal, () => {
        this.#giveUp(signal.reason)
      })
    }
  }

  toMessage(): WireRequest {
    const { method, params, deadline, traceparent } = this.#outgoing
    return {
      jsonrpc: '2.0',
      id: this.id,
      method,
      // JSON leaves out what is undefined.
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
    if (this.#end()) this.#owner.resolve(result)
  }

  reject(error: unknown): void {
    if (this.#end()) this.#owner.reject(error)
  }

  #giveUp(error: unknown): void {
    if (this.#ended) return
    this.#owner.cancel(this)
    this.reject(error)
  }

  #end(): boolean {
    if (this.#ended) return false
    this.#ended = true
    clearTimeout(this.#timer)
    this.#stopListening?.()
    this.#owner.onEnd(this)
    return true
  }

  #timeoutError(): CliOpsError {
    const { method, timeoutMs } = this.#outgoing
    const details = { method, timeoutMs, server: this.#server }
    const span = `within ${timeoutMs} ms`
    if (this.sent) {
      return new CliOpsError(
        'REQUEST_TIMEOUT',
        `${this.#server} did not answer ${JSON.stringify(method)} ${span}; it may still have done it`,
        { details },
      )
    }
    return new CliOpsError(
      'NO_RESPONDER',
      `${this.#server} did not take ${JSON.stringify(method)} ${span}; nothing was sent`,
      { details },
    )
  }
}
