import {
  clearTimeout,
  CliOpsError,
  printable,
  RequestRefused,
  RPC_ERROR,
  setImmediate,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'

import { ClientEvents } from './client-events.js'
import { ClientLocks } from './client-locks.js'
import { ClientRegistry } from './client-registry.js'
import { ClientRpc, type RpcBounds } from './client-rpc.js'
import type { HubNamespace } from './hub-namespace.js'
import { notBegun } from '../protocol/wire-error.js'
import { KeptAnswers } from './kept-answers.js'
import type {
  Client,
  ClientPart,
  Operation,
  OperationRequest,
  SessionConnection,
} from './operation.js'
import { integerIn, type Params } from './params.js'
import { InFlightRequests } from './in-flight-requests.js'
import type { SessionScope } from './session-secret.js'

/**
 * A disconnected client returns within this time, or it has most likely ended: other waiters queue behind it no longer
 * than that.
 */
const WAITS_MS = 1_000

/** What a session needs. */
export interface SessionOptions {
  readonly id: string
  readonly scope: SessionScope
  readonly namespace: HubNamespace
  readonly leaseMs: number
  readonly bounds: RpcBounds
  /** How many requests can be in flight. */
  readonly maxInFlight: number
  /** The session has ended for good. */
  readonly onEnd: (session: ClientSession) => void
}

/**
 * What one client has at a hub, over all its connections: locks, queue positions, registrations, services. It continues
 * for one lease after the last connection has ended.
 */
export class ClientSession implements Client {
  readonly id: string
  readonly scope: SessionScope
  readonly leaseMs: number
  readonly namespace: HubNamespace
  readonly #parts: readonly ClientPart[]
  readonly #operations: ReadonlyMap<string, Operation>
  readonly #answers: KeptAnswers
  readonly #onEnd: (session: ClientSession) => void
  #connection: SessionConnection | undefined
  #away: NodeJS.Timeout | undefined
  #expiry: NodeJS.Timeout | undefined
  readonly #inFlight = new InFlightRequests()
  #isDraining = false
  #ended = false

  constructor({ id, scope, namespace, leaseMs, bounds, maxInFlight, onEnd }: SessionOptions) {
    this.id = id
    this.scope = scope
    this.namespace = namespace
    this.leaseMs = leaseMs
    this.#onEnd = onEnd
    this.#answers = new KeptAnswers(maxInFlight)
    this.#parts = [
      new ClientLocks(namespace, this),
      new ClientEvents(namespace, this),
      new ClientRegistry(namespace, this),
      new ClientRpc(namespace, this, bounds),
    ]
    this.#operations = new Map(this.#parts.flatMap(({ operations }) => operations))
  }

  get keyName(): string {
    return this.scope.key.name
  }

  get unreadBytes(): number {
    return this.#connection?.unreadBytes ?? 0
  }

  get isOpen(): boolean {
    return this.#connection !== undefined
  }

  notify(method: string, params: object): void {
    this.#connection?.notify(method, params)
  }

  flush(): Promise<void> {
    return this.#connection?.flush() ?? Promise.resolve()
  }

  /** Continues over a connection, and ends the previous one, which may be dead without having been noticed. */
  attach(connection: SessionConnection): void {
    this.#connection?.replace()
    clearTimeout(this.#away)
    clearTimeout(this.#expiry)
    this.#connection = connection
    // Notifications follow the answer to hello.
    setImmediate(() => {
      if (this.#connection === connection) for (const part of this.#parts) part.attach?.()
    })
  }

  /** A connection has ended. What is bound to it ends too, and the rest unless a new one arrives within the lease. */
  detach(connection: SessionConnection): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    for (const part of this.#parts) part.detach?.()
    if (this.#ended) return
    const leave = (): void => {
      for (const part of this.#parts) part.leave?.()
    }
    this.#away = setTimeout(leave, Math.min(WAITS_MS, this.leaseMs)).unref()
    this.#expiry = setTimeout(() => {
      this.namespace.metrics.sessionsExpired.add()
      this.end()
    }, this.leaseMs).unref()
  }

  /** Refuses new requests as not begun, and resolves once the others are answered, except those that can wait forever. */
  async drain(): Promise<void> {
    this.#isDraining = true
    await Promise.all([this.#inFlight.idle(), ...this.#parts.map((part) => part.drain?.())])
  }

  /** Another hub takes the session over. Resolves once nothing here can block it. */
  async handOver(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#away)
    clearTimeout(this.#expiry)
    const handedOver = this.#parts.map(async (part) => {
      part.detach?.()
      await part.handOver()
    })
    this.#onEnd(this)
    await Promise.allSettled(handedOver)
  }

  /** Ends it for good. Its locks stay taken until their leases end. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#connection = undefined
    clearTimeout(this.#away)
    clearTimeout(this.#expiry)
    for (const part of this.#parts) {
      part.detach?.()
      part.end()
    }
    this.#onEnd(this)
  }

  /** Answers a request. */
  call(method: string, params: Params, request: OperationRequest): unknown {
    const operation = this.#operation(method)
    if (this.#isDraining && operation.isPart !== true) throw notBegun()
    const { metrics } = this.namespace
    metrics.requests.add(method)
    const answer = this.#run(operation, params, request)
    if (answer instanceof Promise && operation.waits?.(params) !== true) {
      this.#inFlight.add(answer)
      void metrics.time(answer)
    }
    return answer
  }

  #run(operation: Operation, params: Params, request: OperationRequest): unknown {
    if (params['request'] === undefined) return operation.run(params, request)
    // A request that must not be done twice is finished whatever happens to the connection.
    const number = integerIn(params, 'request', 1, Number.MAX_SAFE_INTEGER)
    return this.#answers.once(number, () => operation.run(params, request))
  }

  #operation(method: string): Operation {
    const operation = this.#operations.get(method)
    if (operation === undefined) {
      const shown = JSON.stringify(printable(method).slice(0, 80))
      throw new RequestRefused({
        code: RPC_ERROR.methodNotFound,
        message: `there is no method ${shown}`,
      })
    }
    if (this.scope.key.scopes.includes(operation.scope)) return operation
    throw new CliOpsError(
      'FORBIDDEN',
      `the access key "${this.keyName}" lacks the scope "${operation.scope}", which ${method} requires`,
      { details: { scope: operation.scope } },
    )
  }
}
