import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

import {
  CliOpsError,
  closedError,
  describeEngine,
  monotonicMs,
  parseEngineUrl,
} from '@cli-ops/shared-ipc/driver'
import { type WebSocket, WebSocketServer } from 'ws'

import { isLoopback } from '../loopback.js'
import { CLOSE, SUBPROTOCOL } from '../protocol/protocol.js'
import { AttemptLimit } from './attempt-limit.js'
import type { Hub, HubHealth } from './hub.js'
import { ClientSession } from './client-session.js'
import { HubClient, type HubContext, type NewSession } from './hub-client.js'
import { HubNamespaces } from './hub-namespaces.js'
import { HubSessions } from './hub-sessions.js'
import type { HubTls } from './hub-options.js'
import type { HubToken } from './hub-token.js'
import { bearerOf, checkRequest, type HttpRejection } from './request-check.js'
import { assertTls, type ResolvedHubOptions } from './resolve-hub-options.js'
import { currentTokens, findToken, isStillGood } from './token-check.js'

/** A request says what it wants within this time, its TLS handshake included. */
const HANDSHAKE_MS = 5_000
const MIN_TLS = 'TLSv1.2'
const MAX_HEADER_BYTES = 8 * 1024
/** An attempt that fails is answered after this time. */
const REFUSE_AFTER_MS = 250
const LOOK_AT_TOKENS_MS = 1_000
/** Sockets that are no connections yet: handshakes, health checks. */
const SPARE_SOCKETS = 256

/** What listens: HTTP for the handshakes and `/health`, and the connections that came of them. */
export class HubServer implements Hub, HubContext {
  readonly leaseMs: number
  readonly maxFrameBytes: number
  readonly maxBufferedBytes: number
  readonly log: (line: string) => void
  readonly #options: ResolvedHubOptions
  readonly #places: HubNamespaces
  readonly #http: Server
  readonly #ws: WebSocketServer
  readonly #connections = new Set<HubClient>()
  readonly #sessions: HubSessions
  #begun: Promise<void> = Promise.resolve()
  #lastId = 0
  readonly #attempts = new AttemptLimit()
  readonly #startedAt = monotonicMs()
  #tokens: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor(options: ResolvedHubOptions) {
    const { leaseMs, maxFrameBytes, maxBufferedBytes, maxConnections, onLog, tls, store } = options
    this.#options = options
    this.leaseMs = leaseMs
    this.maxFrameBytes = maxFrameBytes
    this.maxBufferedBytes = maxBufferedBytes
    this.log = onLog
    this.#places = new HubNamespaces({ ...store, leaseMs })
    this.#sessions = new HubSessions(options)
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: HANDSHAKE_MS,
      connectionsCheckingInterval: 500,
    }
    this.#http =
      tls === undefined
        ? createHttpServer(limits)
        : createHttpsServer({
            ...limits,
            ...tls,
            minVersion: MIN_TLS,
            handshakeTimeout: HANDSHAKE_MS,
          })
    this.#http.maxConnections = maxConnections + SPARE_SOCKETS
    this.#ws = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
    })
    this.#http.on('request', (request, response) => {
      void this.#onRequest(request, response)
    })
    this.#http.on('upgrade', (request, socket, head) => {
      this.#onUpgrade(request, socket, head)
    })
    // What is no HTTP is told so and ended; the default would answer with what was wrong.
    this.#http.on('clientError', (_error, socket) => {
      socket.destroy()
    })
  }

  get url(): string {
    const { address, family, port } = this.#http.address() as AddressInfo
    const { tls, host } = this.#options
    // A certificate has a name.
    const name = tls === undefined ? address : host
    const shown = family === 'IPv6' && name.includes(':') ? `[${name}]` : name
    return `${tls === undefined ? 'ws' : 'wss'}://${shown}:${port}`
  }

  /** @throws CliOpsError `ENGINE_UNAVAILABLE` */
  async start(): Promise<void> {
    const { port, address, tls, signal, store } = this.#options
    await this.#places.probe()
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (cause: NodeJS.ErrnoException) => {
        const where = `${address} port ${port}`
        const message = `the hub cannot listen on ${where} (${cause.code ?? cause.message})`
        reject(new CliOpsError('ENGINE_UNAVAILABLE', message, { cause }))
      })
      this.#http.listen({ port, host: address, exclusive: true }, resolve)
    })
    const listening = this.#http.address() as AddressInfo
    if (tls === undefined && !isLoopback(listening.address))
      throw new TypeError(
        `host must be of this machine alone without tls, got ${listening.address}`,
      )
    this.#begun = this.#places.begin(`${listening.address} ${listening.port}`)
    await this.#begun
    // Running out of descriptors while accepting must not end the hub.
    this.#http.on('error', (error) => {
      this.log(`cannot accept: ${error.message}`)
    })
    this.#tokens = setInterval(() => {
      this.#lookAtTokens()
    }, LOOK_AT_TOKENS_MS).unref()
    const close = (): void => void this.close()
    signal?.addEventListener('abort', close, { once: true })
    if (signal?.aborted === true) close()
    this.log(`listening on ${this.url}, store ${describeStore(store.url)}`)
  }

  async health(): Promise<HubHealth> {
    const isReachable = await this.#places.probe().then(
      () => true,
      () => false,
    )
    return {
      status: isReachable ? 'ok' : 'unavailable',
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
    if (!(this.#http instanceof HttpsServer))
      throw new TypeError('tls cannot be renewed: the hub was started without it')
    assertTls(tls)
    this.#http.setSecureContext({ ...tls, minVersion: MIN_TLS })
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
    const known = this.#sessions.get(id)
    if (known !== undefined) return { session: known, resumed: true }
    if (this.#closing !== undefined) throw closedError('the hub')
    this.#sessions.assertRoom(scope.key.name)
    const namespace = this.#places.enter(scope.namespace)
    const session = new ClientSession({
      id,
      scope,
      namespace,
      leaseMs,
      bounds: { maxMessageBytes: this.maxFrameBytes, maxUnreadBytes: this.maxBufferedBytes },
      onEnd: (ended) => {
        this.#sessions.remove(ended)
        this.#places.leave(namespace)
      },
    })
    this.#sessions.add(session)
    return { session, resumed: false }
  }

  onRefused(_error: Error): void {
    return undefined
  }

  async #close(): Promise<void> {
    clearInterval(this.#tokens)
    const closed = new Promise((resolve) => {
      if (this.#http.listening) this.#http.close(resolve)
      else resolve(undefined)
    })
    // From now on nothing is given back: what clients have is gone on with by the next hub, or ends with its lease.
    this.#places.abandon()
    for (const connection of this.#connections)
      connection.end(CLOSE.restarting, 'the hub is being stopped')
    for (const session of this.#sessions.all()) session.end()
    this.#http.closeAllConnections()
    await this.#places.close()
    await closed
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = checkRequest(request, this.#rules)
    const path = request.url?.split('?', 1)[0]
    if (refusal !== undefined) answer(response, refusal)
    else if (path !== '/health') answer(response, { status: 404, text: 'not found' })
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      answer(response, { status: 405, text: 'only GET' })
    else {
      const health = await this.health()
      response.writeHead(health.status === 'ok' ? 200 : 503, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      })
      response.end(`${JSON.stringify(health)}\n`)
    }
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined)
    const { remoteAddress: address = 'unknown' } = request.socket
    const admitted = this.#admit(request, address)
    if ('status' in admitted) {
      this.log(`refused ${address}: ${admitted.text}`)
      const delayMs = admitted.status === 401 ? REFUSE_AFTER_MS : 0
      setTimeout(() => {
        refuse(socket, admitted)
      }, delayMs).unref()
      return
    }
    this.#ws.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      this.#lastId += 1
      const connection = new HubClient(
        webSocket,
        { token: admitted, address, id: this.#lastId },
        this,
      )
      this.#connections.add(connection)
      webSocket.once('close', () => {
        this.#connections.delete(connection)
      })
      // It was let in while the hub was being closed.
      if (this.#closing !== undefined) connection.end(CLOSE.restarting, 'the hub is being stopped')
    })
  }

  #admit(request: IncomingMessage, address: string): HubToken | HttpRejection {
    const refusal = checkRequest(request, this.#rules)
    if (refusal !== undefined) return refusal
    const { maxConnections, maxConnectionsPerToken } = this.#options
    if (request.url !== '/') return { status: 404, text: 'not found' }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/u)
    if (!offered.includes(SUBPROTOCOL))
      return { status: 400, text: `the subprotocol must be ${SUBPROTOCOL}` }
    let token: HubToken | undefined
    try {
      token = findToken(bearerOf(request) ?? '', currentTokens(this.#options.tokens))
    } catch (error) {
      this.log(`cannot read the tokens: ${error instanceof Error ? error.message : String(error)}`)
      return { status: 503, text: 'the hub cannot read its tokens' }
    }
    if (token === undefined) {
      const hasTried = this.#attempts.fail(address)
      return hasTried
        ? { status: 429, text: 'too many attempts' }
        : { status: 401, text: 'the token is missing, not known, or has expired' }
    }
    const { name } = token
    const own = [...this.#connections].filter((connection) => connection.token === name).length
    if (this.#connections.size >= maxConnections) return { status: 503, text: 'the hub is full' }
    if (own >= maxConnectionsPerToken)
      return { status: 503, text: 'too many connections with this token' }
    return token
  }

  #lookAtTokens(): void {
    if (this.#connections.size === 0) return
    let tokens: readonly HubToken[]
    try {
      tokens = currentTokens(this.#options.tokens)
    } catch (error) {
      // Perhaps it is being written: who is in stays, and nobody new is let in.
      this.log(`cannot read the tokens: ${error instanceof Error ? error.message : String(error)}`)
      return
    }
    for (const connection of this.#connections)
      if (!isStillGood(connection.hubToken, tokens))
        connection.end(CLOSE.tokenGone, 'the token was revoked, was changed, or has expired', {
          endSession: true,
        })
  }

  get #rules() {
    const { tls, allowedHosts, allowedOrigins } = this.#options
    return { isLocal: tls === undefined, allowedHosts, allowedOrigins }
  }
}

function answer(response: ServerResponse, { status, text }: HttpRejection): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
  response.end(`${text}\n`)
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
