import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { LiveModel } from '../live/live-model.js'
import { createToken, isAuthorized, refuseStrangers } from './access.js'
import { LiveStreams } from './live-streams.js'
import { pageFile } from './page-files.js'
import { readRelease } from './read-release.js'

/** Options of a {@link DashboardServer}. */
export interface DashboardServerOptions {
  readonly model: LiveModel
  /** The token in the link, which grants viewing. */
  readonly token: string
  /** 0 for a free port. */
  readonly port: number
  /** True if viewers can also release locks. */
  readonly allowRelease: boolean
}

const HOST = '127.0.0.1'
/** Any process on this machine can connect. */
const MAX_CONNECTIONS = 256

/** On every answer: loads nothing from elsewhere, and prevents framing, caching and referrers. */
const HEADERS = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
} as const

/**
 * Serves the page and its data on the loopback interface. The page itself contains nothing secret and is served to any
 * client on this machine. All other calls need the token in a header, which no other site can send.
 */
export class DashboardServer {
  readonly #options: DashboardServerOptions
  readonly #server: Server
  /** Opens the page once: a browser gets its link on a command line, which other users of this machine can read. */
  #key: string | undefined = createToken()
  readonly #streams: LiveStreams

  constructor(options: DashboardServerOptions) {
    this.#options = options
    this.#streams = new LiveStreams(options.model, { allowRelease: options.allowRelease })
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        // The connection broke, or the request can no longer be answered.
        response.destroy()
      })
    })
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Resolves once it listens. Rejects if it cannot, for example because the port is in use. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, HOST, resolve)
    })
    // For example, too many open files: the client has to connect again.
    this.#server.on('error', () => undefined)
  }

  /** The address, without the token. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://${HOST}:${port}`
  }

  /** The link to open. The token follows `#`: browsers never send that part. */
  get link(): string {
    return `${this.origin}/#token=${this.#options.token}`
  }

  /** Like {@link link}, for one use. */
  get linkForOnce(): string {
    return `${this.origin}/#key=${this.#key ?? ''}`
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#streams.close()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const { port } = this.#server.address() as AddressInfo
    if (refuseStrangers(request, response, port)) return
    const { pathname } = new URL(request.url ?? '/', this.origin)
    const { method = 'GET' } = request
    const file = method === 'GET' || method === 'HEAD' ? await pageFile(pathname) : undefined
    if (file !== undefined) {
      response.setHeader('Content-Type', file.type)
      response.end(method === 'HEAD' ? undefined : file.content)
      return
    }
    if (!pathname.startsWith('/api/')) {
      sendProblem(response, 404, 'No such page.')
      return
    }
    const { token } = this.#options
    const what = `${method} ${pathname}`
    if (what === 'POST /api/token' && this.#key !== undefined && isAuthorized(request, this.#key)) {
      this.#key = undefined
      sendJson(response, 200, { token })
      return
    }
    if (!isAuthorized(request, token)) {
      response.setHeader('WWW-Authenticate', 'Bearer')
      sendProblem(response, 401, 'Open the link that "cli-ops dashboard" printed.')
      return
    }
    await this.#answerApi(what, request, response)
  }

  async #answerApi(
    what: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { model } = this.#options
    switch (what) {
      case 'GET /api/snapshot':
        await model.fresh()
        sendJson(response, 200, model.snapshot())
        return
      case 'GET /api/live':
        this.#streams.add(response)
        return
      case 'POST /api/release':
        await this.#release(request, response)
        return
      default:
        sendProblem(response, 404, 'No such call.')
    }
  }

  async #release(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#options.allowRelease) {
      sendProblem(response, 403, 'This dashboard is read-only; start it with --allow-release.')
      return
    }
    const asked = await readRelease(request)
    if (typeof asked === 'string') {
      sendProblem(response, 400, asked)
      return
    }
    try {
      sendJson(response, 200, {
        released: await this.#options.model.release(asked.resource, asked.id),
      })
    } catch (error) {
      sendProblem(response, 500, error instanceof Error ? error.message : String(error))
    }
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(value))
}

function sendProblem(response: ServerResponse, status: number, problem: string): void {
  sendJson(response, status, { problem })
}
