import {
  clearInterval,
  clearTimeout,
  CliOpsError,
  debug,
  monotonicMs,
  ownProcess,
  pause,
  printable,
  type RequestContext,
  type RequestMethods,
  RequestRefused,
  RPC_ERROR,
  RPC_METHOD,
  ServerConnection,
  setInterval,
  setTimeout,
  withinTime,
} from '@cli-ops/shared-ipc/driver'
import type { WebSocket } from 'ws'

import { CLOSE, type SessionKey, type Welcome } from '../protocol/protocol.js'
import { WebSocketChannel } from '../protocol/web-socket-channel.js'
import { toRefusal } from '../protocol/wire-error.js'
import type { ClientSession, SessionOptions } from './client-session.js'
import type { AccessKey } from './access-key.js'
import type { SessionConnection } from './operation.js'
import { integerIn, type Params, paramsOf } from './params.js'
import { createSessionKey, isSessionKey } from './session-secret.js'
import { hasNamespace } from './access-key-check.js'

/** A client identifies itself within this time. */
const HELLO_MS = 5_000
/** Requests that cross the notice to stop on the wire are still answered. */
const LEAVE_MS = 50
const MIN_LEASE_MS = 100
const MAX_NAMESPACE = 1_024

/** What a connection needs from its hub. */
export interface HubContext {
  readonly leaseMs: number
  readonly maxFrameBytes: number
  readonly maxBufferedBytes: number
  readonly maxInFlight: number
  readonly log: (line: string) => void
  /** Resolves once the hub knows what the previous one left. */
  readonly ready: Promise<void>
  /** Resumes a session, or begins it. @throws CliOpsError `RATE_LIMITED` */
  openSession(options: NewSession): { readonly session: ClientSession; readonly resumed: boolean }
  /** A request was refused. */
  onRefused(error: Error): void
}

/** The session of a client that sends hello. */
export type NewSession = Pick<SessionOptions, 'id' | 'scope' | 'leaseMs'>

/** One connection of a client, from its upgrade to its end. The client's state belongs to its session. */
export class HubClient implements SessionConnection, RequestMethods {
  readonly accessKey: AccessKey
  readonly #channel: WebSocketChannel
  readonly #connection: ServerConnection
  readonly #hub: HubContext
  readonly #address: string
  #session: ClientSession | undefined
  #leaseMs: number
  #hello: NodeJS.Timeout | undefined
  #pulse: NodeJS.Timeout | undefined
  #isOpen = true
  #hasSaidHello = false

  constructor(
    socket: WebSocket,
    { accessKey, address, id }: { accessKey: AccessKey; address: string; id: number },
    hub: HubContext,
  ) {
    this.accessKey = accessKey
    this.#address = address
    this.#hub = hub
    this.#leaseMs = hub.leaseMs
    this.#channel = new WebSocketChannel(socket, { maxUnreadBytes: hub.maxBufferedBytes })
    const { instance, identity } = ownProcess()
    this.#connection = new ServerConnection(
      this.#channel,
      { id },
      {
        methods: this,
        maxInFlight: hub.maxInFlight,
        // A client that waits for locks must still be able to release one.
        whenFull: 'refuse',
        pong: {
          name: 'cli-ops hub',
          instance,
          pid: identity.pid,
          maxMessageBytes: hub.maxFrameBytes,
        },
        onHandlerError: (error, { method }) => {
          debug(() => `${method} of ${this.#who} failed: ${String(error)}`)
        },
      },
      (error) => {
        this.#onClose(error)
      },
    )
    this.#hello = setTimeout(() => {
      this.end(CLOSE.badMessage, 'hello did not arrive in time')
    }, HELLO_MS).unref()
    this.#pulseEvery(hub.leaseMs / 3)
    hub.log(`${this.#who} connected`)
  }

  get keyName(): string {
    return this.accessKey.name
  }

  /** Unanswered requests. */
  get inFlight(): number {
    return this.#connection.running.length
  }

  get unreadBytes(): number {
    return this.#channel.unreadBytes
  }

  notify(method: string, params: object): void {
    this.#connection.notify(method, params)
  }

  flush(): Promise<void> {
    return this.#connection.flush()
  }

  /** Ends the connection with a reason. The session continues, unless `endSession` is set. */
  end(code: number, reason: string, { endSession = false } = {}): void {
    if (this.#isOpen) this.#hub.log(`${this.#who} disconnected: ${reason} (${code})`)
    this.#channel.end(code, reason)
    this.#leave(endSession)
  }

  replace(): void {
    this.end(CLOSE.replaced, 'the session continues over another connection')
  }

  /**
   * Accepts no further requests, answers those that run, and ends, so that the client continues its session at the next
   * hub. It does not wait for lock waits, or for more than a third of the client's lease, which the client cannot renew
   * meanwhile.
   */
  async drain(maxMs: number): Promise<void> {
    this.notify(RPC_METHOD.closing, {})
    const session = this.#session
    const heard = this.#channel.roundTrip().then(() => pause(LEAVE_MS))
    const drained = Promise.all([session?.drain(), heard]).then(() => session?.handOver())
    await withinTime(drained, Math.min(maxMs, this.#leaseMs / 3))
    // Late requests are handed over as they are.
    void session?.handOver()
    this.end(CLOSE.restarting, 'the hub is shutting down')
  }

  /** Answers a request. Errors are reported as far as they concern the client. */
  call(method: string, params: unknown, context: RequestContext): unknown {
    try {
      const given = paramsOf(params)
      const result =
        method === 'hello'
          ? this.#onHello(given)
          : this.#entered(method).call(method, given, context)
      return result instanceof Promise
        ? result.catch((error: unknown) => {
            throw this.#toRefusal(error)
          })
        : result
    } catch (error) {
      throw this.#toRefusal(error)
    }
  }

  async #onHello(params: Params): Promise<Welcome> {
    if (this.#hasSaidHello) throw new TypeError('hello must be sent once')
    this.#hasSaidHello = true
    const { namespace, session: shown } = params
    if (typeof namespace !== 'string' || namespace.length > MAX_NAMESPACE)
      throw new TypeError('namespace must be a string')
    if (!hasNamespace(this.accessKey, namespace)) {
      const message = `the access key "${this.keyName}" does not allow the namespace ${JSON.stringify(printable(namespace))}`
      throw new CliOpsError('FORBIDDEN', message)
    }
    const wished = integerIn(params, 'leaseMs', 1, Number.MAX_SAFE_INTEGER)
    const scope = { key: this.accessKey, namespace }
    if (shown !== undefined && shown !== null && !isSessionKey(shown, scope))
      throw new CliOpsError(
        'FORBIDDEN',
        'the session does not belong to this access key, or its secret is wrong',
      )
    await this.#hub.ready
    if (!this.#isOpen) throw new CliOpsError('CONNECTION_LOST', 'the client has gone')
    const key: SessionKey = shown ?? createSessionKey(scope)
    const leaseMs = Math.max(MIN_LEASE_MS, Math.min(this.#hub.leaseMs, wished))
    const { session, resumed } = this.#hub.openSession({ id: key.id, scope, leaseMs })
    this.#session = session
    clearTimeout(this.#hello)
    this.#leaseMs = session.leaseMs
    this.#pulseEvery(this.#leaseMs / 3)
    session.attach(this)
    const { name, scopes } = this.accessKey
    const { maxFrameBytes } = this.#hub
    return {
      leaseMs: this.#leaseMs,
      maxFrameBytes,
      key: name,
      scopes,
      session: { ...key, resumed },
    }
  }

  #entered(method: string): ClientSession {
    if (this.#session !== undefined) return this.#session
    const shown = JSON.stringify(printable(method).slice(0, 80))
    throw new RequestRefused({
      code: RPC_ERROR.invalidRequest,
      message: `${shown}: send hello first`,
    })
  }

  #toRefusal(error: unknown): Error {
    const refusal = toRefusal(error)
    this.#hub.onRefused(refusal)
    return refusal
  }

  /** Pings, and checks whether the client is there. */
  #pulseEvery(ms: number): void {
    clearInterval(this.#pulse)
    let last = monotonicMs()
    this.#pulse = setInterval(() => {
      const now = monotonicMs()
      // This process itself may have been suspended, with messages that it has not read yet.
      const wasSuspended = now - last > ms * 2
      last = now
      if (!wasSuspended && now - this.#channel.heardAt > this.#leaseMs)
        this.#channel.drop(`the client was silent for ${this.#leaseMs} ms`)
      else this.#channel.ping()
    }, ms).unref()
  }

  #onClose(error: Error | undefined): void {
    const why = error === undefined ? '' : `: ${printable(error.message)}`
    if (this.#isOpen) this.#hub.log(`${this.#who} disconnected${why}`)
    // A client that ends in order has nothing to come back for.
    this.#leave(error === undefined)
  }

  #leave(endSession: boolean): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    clearTimeout(this.#hello)
    clearInterval(this.#pulse)
    const session = this.#session
    if (endSession) session?.end()
    else session?.detach(this)
    this.#connection.abort(new CliOpsError('CONNECTION_LOST', 'the client has gone'))
  }

  get #who(): string {
    return `${this.keyName} at ${this.#address}`
  }
}
