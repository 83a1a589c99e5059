import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'

import {
  clearInterval,
  describeEngine,
  isCliOpsError,
  monotonicMs,
  parseEngineUrl,
  RequestRefused,
  RPC_ERROR,
  setInterval,
  setTimeout,
  withinTime,
} from '@cli-ops/shared-ipc/driver'
import { type WebSocket, WebSocketServer } from 'ws'

import { CLOSE, SUBPROTOCOL } from '../protocol/protocol.js'
import { notBegun } from '../protocol/wire-error.js'
import { Admission } from './admission.js'
import { ClientSession } from './client-session.js'
import { HubClient, type HubContext, type NewSession } from './hub-client.js'
import { HubListener } from './hub-listener.js'
import { HubMetrics } from './hub-metrics.js'
import { HubNamespaces } from './hub-namespaces.js'
import type { HubTls } from './hub-options.js'
import { HubSessions } from './hub-sessions.js'
import type { AccessKey } from './access-key.js'
import type { Hub, HubHealth } from './hub.js'
import type { HttpRejection } from './request-check.js'
import type { ResolvedHubOptions } from './resolve-hub-options.js'
import { REFUSE_AFTER_MS, StatusPages } from './status-pages.js'
import { currentKeys, isStillGood } from './access-key-check.js'

const LOOK_AT_KEYS_MS = 1_000
/** The timeout once no request is in flight. */
const CLOSE_MS = 5_000

/** The listening server: HTTP for handshakes and monitoring, and the connections that handshakes open. */
export class HubServer implements Hub, HubContext {
  readonly leaseMs: number
  readonly maxFrameBytes: number
  readonly maxBufferedBytes: number
  readonly maxInFlight: number
  readonly log: (line: string) => void
  readonly metrics = new HubMetrics()
  readonly #options: ResolvedHubOptions
  readonly #namespaces: HubNamespaces
  readonly #listener: HubListener
  readonly #admission: Admission
  readonly #ws: WebSocketServer
  readonly #connections = new Set<HubClient>()
  readonly #sessions: HubSessions
  #begun: Promise<void> = Promise.resolve()
  #lastId = 0
  readonly #startedAt = monotonicMs()
  #keyCheck: NodeJS.Timeout | undefined
  #probing: Promise<StoreState> | undefined
  #closing: Promise<void> | undefined

  constructor(options: ResolvedHubOptions) {
    const { leaseMs, maxFrameBytes, maxBufferedBytes, maxInFlight, onLog, store, path } = options
    this.#options = options
    this.leaseMs = leaseMs
    this.maxFrameBytes = maxFrameBytes
    this.maxBufferedBytes = maxBufferedBytes
    this.maxInFlight = maxInFlight
    this.log = onLog
    this.#namespaces = new HubNamespaces({ ...store, leaseMs, metrics: this.metrics })
    this.#sessions = new HubSessions(options)
    this.#admission = new Admission(options)
    this.#ws = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    })
    this.#listener = new HubListener(options)
    const pages = new StatusPages(path, this.#admission, {
      health: () => this.health(),
      metrics: () => this.#formatMetrics(),
    })
    this.#listener.http.on('request', (request, response) => {
      void pages.answer(request, response)
    })
    this.#listener.http.on('upgrade', (request, socket, head) => {
      this.#onUpgrade(request, socket, head)
    })
  }

  get url(): string {
    return this.#listener.url
  }

  /** @throws CliOpsError `ENGINE_UNAVAILABLE` */
  async start(): Promise<void> {
    const { signal } = this.#options
    // Before it listens: when it takes over from another hub, nothing is left to wait for then.
    await this.#namespaces.probe()
    await this.#listener.listen()
    this.#begun = this.#namespaces.begin(this.#listener.place)
    await this.#begun
    this.#keyCheck = setInterval(() => {
      this.#lookAtKeys()
    }, LOOK_AT_KEYS_MS).unref()
    const close = (): void => void this.close()
    signal?.addEventListener('abort', close, { once: true })
    if (signal?.aborted === true) close()
  }

  async health(): Promise<HubHealth> {
    const { isReachable } = await this.#probeStore()
    const status = isReachable ? 'ok' : 'unavailable'
    return {
      status: this.#closing === undefined ? status : 'stopping',
      version: packageVersion(),
      uptimeMs: Math.round(monotonicMs() - this.#startedAt),
      connections: this.#connections.size,
      store: {
        url: describeStore(this.#options.store.url),
        state: isReachable ? 'reachable' : 'unreachable',
      },
    }
  }

  renewTls(tls: HubTls): void {
    this.#listener.renewTls(tls)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  get ready(): Promise<void> {
    return this.#begun
  }

  openSession({ id, scope, leaseMs }: NewSession) {
    if (this.#closing !== undefined) throw notBegun()
    const known = this.#sessions.get(id)
    if (known !== undefined) {
      this.metrics.sessionsResumed.add()
      return { session: known, resumed: true }
    }
    this.#sessions.assertRoom(scope.key.name)
    const namespace = this.#namespaces.enter(scope.namespace)
    const session = new ClientSession({
      id,
      scope,
      namespace,
      leaseMs,
      maxInFlight: this.maxInFlight,
      bounds: { maxMessageBytes: this.maxFrameBytes, maxUnreadBytes: this.maxBufferedBytes },
      onEnd: (ended) => {
        this.#sessions.remove(ended)
        this.#namespaces.leave(namespace)
      },
    })
    this.#sessions.add(session)
    return { session, resumed: false }
  }

  onRefused(error: Error): void {
    this.metrics.requestErrors.add(isCliOpsError(error) ? error.code : nameOf(error))
  }

  async #close(): Promise<void> {
    clearInterval(this.#keyCheck)
    this.#listener.stop()
    const { drainMs } = this.#options
    await Promise.all([...this.#connections].map((connection) => connection.drain(drainMs)))
    const cutOff = this.#sessions.all().map((session) => session.handOver())
    await withinTime(Promise.all(cutOff), CLOSE_MS)
    // From now on nothing is released: the next hub takes over what clients have; without one it ends with its lease.
    this.#namespaces.abandon()
    await withinTime(Promise.all([this.#listener.close(), this.#namespaces.close()]), CLOSE_MS)
  }

  async #formatMetrics(): Promise<string> {
    const { isReachable, seconds } = await this.#probeStore()
    const { maxConnections, maxSessions } = this.#options
    const connections = [...this.#connections]
    return this.metrics.format({
      version: packageVersion(),
      connections: connections.length,
      maxConnections,
      sessions: this.#sessions.size,
      maxSessions,
      ...this.#namespaces.counts,
      requests: connections.reduce((sum, { inFlight }) => sum + inFlight, 0),
      isStoreReachable: isReachable,
      storeSeconds: seconds,
    })
  }

  /** However many clients ask together, the store is queried once. */
  #probeStore(): Promise<StoreState> {
    this.#probing ??= this.#namespaces.measure().finally(() => {
      this.#probing = undefined
    })
    return this.#probing
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined)
    const { remoteAddress: address = 'unknown' } = request.socket
    const admitted = this.#admission.admit(request, {
      all: this.#connections.size,
      of: (key) => [...this.#connections].filter(({ keyName }) => keyName === key).length,
    })
    if ('status' in admitted) {
      this.metrics.refusals.add(String(admitted.status))
      this.log(`refused ${address}: ${admitted.text}`)
      const delayMs = admitted.status === 401 ? REFUSE_AFTER_MS : 0
      setTimeout(() => {
        refuse(socket, admitted)
      }, delayMs).unref()
      return
    }
    this.#ws.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      this.#onConnection(webSocket, admitted, address)
    })
  }

  #onConnection(webSocket: WebSocket, accessKey: AccessKey, address: string): void {
    this.#lastId += 1
    this.metrics.connections.add()
    const connection = new HubClient(webSocket, { accessKey, address, id: this.#lastId }, this)
    this.#connections.add(connection)
    webSocket.once('close', () => {
      this.#connections.delete(connection)
    })
    // It was admitted while the hub was closing.
    if (this.#closing !== undefined) connection.end(CLOSE.restarting, 'the hub is shutting down')
  }

  #lookAtKeys(): void {
    if (this.#connections.size === 0) return
    let keys: readonly AccessKey[]
    try {
      keys = currentKeys(this.#options.keys)
    } catch (error) {
      // Perhaps the file is being written: clients stay connected, and new ones are refused.
      this.log(
        `cannot read the access keys: ${error instanceof Error ? error.message : String(error)}`,
      )
      return
    }
    for (const connection of this.#connections)
      if (!isStillGood(connection.accessKey, keys))
        connection.end(CLOSE.keyGone, 'the access key was revoked, was changed, or has expired', {
          endSession: true,
        })
  }
}

/** The store's state when it was last queried. */
interface StoreState {
  readonly isReachable: boolean
  readonly seconds: number
}

/** Returns what is wrong with a refused request. */
function nameOf(error: Error): string {
  const code = error instanceof RequestRefused ? error.wireError.code : RPC_ERROR.internal
  switch (code) {
    case RPC_ERROR.invalidParams:
      return 'INVALID_PARAMS'
    case RPC_ERROR.closing:
      return 'NOT_BEGUN'
    case RPC_ERROR.internal:
      return 'INTERNAL'
    default:
      return 'INVALID_REQUEST'
  }
}

function refuse(socket: Duplex, { status, text }: HttpRejection): void {
  const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}`
  socket.end(`HTTP/1.1 ${status} Refused\r\n${headers}\r\n\r\n${text}\n`)
}

function describeStore(url: string): string {
  return url === 'local:' ? url : describeEngine(parseEngineUrl(url) ?? new URL(url))
}

function packageVersion(): string {
  const require = createRequire(import.meta.url)
  return (require('@cli-ops/driver-websocket/package.json') as { version: string }).version
}
