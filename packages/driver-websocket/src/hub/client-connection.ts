import { CliOpsError, debug, monotonicMs, printable } from '@cli-ops/shared-ipc/driver'
import type { RawData, WebSocket } from 'ws'

import { decodeMessage, encodeRequest } from '../protocol/message.js'
import { CLOSE, type Welcome } from '../protocol/protocol.js'
import { toWireError } from '../protocol/wire-error.js'
import { ClientEvents } from './client-events.js'
import { ClientLocks } from './client-locks.js'
import { ClientRegistry } from './client-registry.js'
import { ClientRpc } from './client-rpc.js'
import type { HubPlace } from './hub-place.js'
import type { HubToken } from './hub-token.js'
import type { Client, ClientPart, Operation } from './operation.js'
import { integerIn, type Params } from './params.js'
import { hasNamespace } from './token-check.js'

/** A client says who it is within this time. */
const HELLO_MS = 5_000
const MIN_LEASE_MS = 100
/** Requests of one connection that are under way, waits for locks among them. */
const MAX_PENDING = 1_024
/** Messages of one connection that are taken in one window; what is more waits, for the others' sake. */
const MAX_MESSAGES = 5_000
const WINDOW_MS = 100
const MAX_NAMESPACE = 1_024

/** What a connection needs of its hub. */
export interface HubContext {
  readonly leaseMs: number
  readonly maxFrameBytes: number
  readonly maxBufferedBytes: number
  readonly log: (line: string) => void
  /** Opens a namespace for one user more. @throws CliOpsError where the store cannot be used */
  enter(namespace: string): HubPlace
  leave(place: HubPlace): void
}

/** One WebSocket connection, from its upgrade to its end. */
export class ClientConnection implements Client {
  readonly hubToken: HubToken
  readonly #socket: WebSocket
  readonly #hub: HubContext
  readonly #address: string
  readonly #operations = new Map<string, Operation>()
  readonly #pending = new Map<number | string, AbortController>()
  #parts: readonly ClientPart[] = []
  #place: HubPlace | undefined
  #leaseMs: number
  #hello: NodeJS.Timeout | undefined
  #pulse: NodeJS.Timeout | undefined
  #heardAt = monotonicMs()
  #messages = 0
  #window: NodeJS.Timeout | undefined

  constructor(socket: WebSocket, token: HubToken, address: string, hub: HubContext) {
    this.#socket = socket
    this.hubToken = token
    this.#address = address
    this.#hub = hub
    this.#leaseMs = hub.leaseMs
    socket.on('message', (data, isBinary) => {
      this.#onMessage(data, isBinary)
    })
    socket.on('pong', () => {
      this.#heardAt = monotonicMs()
    })
    socket.on('error', (error) => {
      debug(() => `connection of ${this.#address}: ${error.message}`)
    })
    socket.on('close', (code, reason) => {
      this.#onClose(code, reason.toString('utf8'))
    })
    this.#hello = setTimeout(() => {
      this.end(CLOSE.badMessage, 'hello did not come in time')
    }, HELLO_MS).unref()
    this.#pulseEvery(hub.leaseMs / 3)
    hub.log(`${this.#who} connected`)
  }

  get token(): string {
    return this.hubToken.name
  }

  get leaseMs(): number {
    return this.#leaseMs
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  notify(method: string, params: object): void {
    this.#send(encodeRequest(method, params))
  }

  push(method: string, params: object): Promise<void> {
    return new Promise((resolve) => {
      this.#send(encodeRequest(method, params), resolve)
    })
  }

  /** Ends the connection, and says why. */
  end(code: number, reason: string): void {
    if (!this.isOpen) return
    this.#socket.close(code, reason)
    // Whoever does not read does not hear this either.
    setTimeout(() => {
      this.#socket.terminate()
    }, 1_000).unref()
    this.#leave()
  }

  #send(text: string, sent?: () => void): void {
    if (!this.isOpen) {
      sent?.()
      return
    }
    this.#socket.send(text, () => sent?.())
    if (this.#socket.bufferedAmount <= this.#hub.maxBufferedBytes) return
    this.#hub.log(`${this.#who} is not reading; ended`)
    this.end(CLOSE.slowReader, 'too much was left unread')
    this.#socket.terminate()
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#heardAt = monotonicMs()
    this.#slowDown()
    if (isBinary) {
      this.end(CLOSE.unsupported, 'messages are text')
      return
    }
    const message = decodeMessage(data as Buffer)
    if (message?.method === undefined) {
      this.end(CLOSE.badMessage, 'not a message of this protocol')
      return
    }
    const { id, method, params = {} } = message
    if (id === undefined) this.#onNotification(method, params)
    else if (typeof id === 'number' || (typeof id === 'string' && id.length <= 64)) {
      if (this.#pending.has(id)) this.end(CLOSE.badMessage, 'the id of a request is in use')
      else void this.#onRequest(id, method, params)
    } else this.end(CLOSE.badMessage, 'the id of a request must be a number or a short string')
  }

  #onNotification(method: string, params: Params): void {
    if (method === '$/cancelRequest') {
      const { id } = params
      this.#pending.get(id as number | string)?.abort(new Error('the client gave up'))
      return
    }
    try {
      const result = this.#operation(method).run(params, new AbortController().signal)
      if (result instanceof Promise) result.catch(ignore)
    } catch (error) {
      ignore(error)
    }
  }

  async #onRequest(id: number | string, method: string, params: Params): Promise<void> {
    const controller = new AbortController()
    let response: object
    try {
      if (this.#pending.size >= MAX_PENDING)
        throw new CliOpsError('RATE_LIMITED', `more than ${MAX_PENDING} requests are under way`)
      this.#pending.set(id, controller)
      const result =
        method === 'hello'
          ? this.#onHello(params)
          : await this.#operation(method).run(params, controller.signal)
      response = { jsonrpc: '2.0', id, result: result ?? null }
    } catch (error) {
      response = { jsonrpc: '2.0', id, error: toWireError(error) }
    }
    if (this.#pending.get(id) === controller) this.#pending.delete(id)
    this.#send(toText(response))
  }

  #onHello(params: Params): Welcome {
    if (this.#place !== undefined) throw new TypeError('hello must be said once')
    const { namespace } = params
    if (typeof namespace !== 'string' || namespace.length > MAX_NAMESPACE)
      throw new TypeError('namespace must be a string')
    if (!hasNamespace(this.hubToken, namespace)) {
      const message = `the token "${this.token}" is not good for the namespace ${JSON.stringify(printable(namespace))}`
      throw new CliOpsError('FORBIDDEN', message)
    }
    const wished = integerIn(params, 'leaseMs', 1, Number.MAX_SAFE_INTEGER)
    this.#leaseMs = Math.max(MIN_LEASE_MS, Math.min(this.#hub.leaseMs, wished))
    const place = this.#hub.enter(namespace)
    this.#place = place
    clearTimeout(this.#hello)
    this.#pulseEvery(this.#leaseMs / 3)
    const { maxFrameBytes, maxBufferedBytes } = this.#hub
    const bounds = { maxMessageBytes: maxFrameBytes, maxUnreadBytes: maxBufferedBytes }
    this.#parts = [
      new ClientLocks(place, this),
      new ClientEvents(place, this),
      new ClientRegistry(place, this),
      new ClientRpc(place, this, bounds),
    ]
    for (const { operations } of this.#parts)
      for (const [method, operation] of operations) this.#operations.set(method, operation)
    const { name, scopes } = this.hubToken
    return { leaseMs: this.#leaseMs, maxFrameBytes, token: name, scopes }
  }

  #operation(method: string): Operation {
    const operation = this.#operations.get(method)
    if (operation === undefined) {
      const what = this.#place === undefined ? 'say hello first' : 'the hub knows no such method'
      throw new TypeError(`${JSON.stringify(printable(method).slice(0, 80))}: ${what}`)
    }
    if (this.hubToken.scopes.includes(operation.scope)) return operation
    throw new CliOpsError(
      'FORBIDDEN',
      `the token "${this.token}" lacks the scope "${operation.scope}", which ${method} needs`,
      { details: { scope: operation.scope } },
    )
  }

  /** Pings, and looks whether the client is there. */
  #pulseEvery(ms: number): void {
    clearInterval(this.#pulse)
    let last = monotonicMs()
    this.#pulse = setInterval(() => {
      const now = monotonicMs()
      // This process itself may have been suspended: what has come in the meantime has not been read yet.
      const wasSuspended = now - last > ms * 2
      last = now
      if (!wasSuspended && now - this.#heardAt > this.#leaseMs) {
        this.#hub.log(`${this.#who} is silent; ended`)
        this.#socket.terminate()
      } else if (this.isOpen) this.#socket.ping()
    }, ms).unref()
  }

  /** A client that says more than its share is not listened to until the others had theirs. */
  #slowDown(): void {
    this.#messages += 1
    this.#window ??= setTimeout(() => {
      this.#window = undefined
      this.#messages = 0
      this.#socket.resume()
    }, WINDOW_MS).unref()
    if (this.#messages === MAX_MESSAGES) this.#socket.pause()
  }

  #onClose(code: number, reason: string): void {
    clearTimeout(this.#hello)
    clearTimeout(this.#window)
    clearInterval(this.#pulse)
    this.#hub.log(
      `${this.#who} disconnected (${code}${reason === '' ? '' : `, ${printable(reason)}`})`,
    )
    this.#leave()
  }

  #leave(): void {
    for (const controller of this.#pending.values())
      controller.abort(new Error('the client has gone'))
    const place = this.#place
    const parts = this.#parts
    this.#place = undefined
    this.#parts = []
    this.#operations.clear()
    for (const part of parts) part.end()
    if (place !== undefined) this.#hub.leave(place)
  }

  get #who(): string {
    return `${this.token} at ${this.#address}`
  }
}

/** Facts of an error may be numbers that JSON does not have. */
function toText(response: object): string {
  return JSON.stringify(response, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

function ignore(error: unknown): void {
  debug(() => `a notification failed: ${String(error)}`)
}
