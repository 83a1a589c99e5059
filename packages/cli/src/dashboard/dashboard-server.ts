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
  /** What the link carries; whoever has it may look. */
  readonly token: string
  /** 0 for a free one. */
  readonly port: number
  /** Whether whoever may look may release locks, too. */
  readonly allowRelease: boolean
}

const HOST = '127.0.0.1'
/** Anybody on this machine may connect. */
const MAX_CONNECTIONS = 256

/** On every answer. Nothing is loaded from elsewhere, framed, kept in a cache, or told to others as a referrer. */
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
 * Serves the page and what it shows on the loopback interface. The page itself holds nothing and is given to anybody on this
 * machine; everything else asks for the token in a header, which no other site can send.
 */
export class DashboardServer {
  readonly #options: DashboardServerOptions
  readonly #server: Server
  /** Opens the page once: a browser is given its link on a command line, which others on this machine can read. */
  #key: string | undefined = createToken()
  readonly #streams: LiveStreams

  constructor(options: DashboardServerOptions) {
    this.#options = options
    this.#streams = new LiveStreams(options.model, { allowRelease: options.allowRelease })
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        // The connection broke, or what was asked cannot be answered any more.
        response.destroy()
      })
    })
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Resolves when it listens. Rejects where it cannot, such as on a port that is in use. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, HOST, resolve)
    })
    // Too many open files, at most: whoever connects then has to try again.
    this.#server.on('error', () => undefined)
  }

  /** The address, without the token. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://${HOST}:${port}`
  }

  /** What to open. The token stands behind `#`: browsers send that part to nobody. */
  get link(): string {
    return `${this.origin}/#token=${this.#options.token}`
  }

  /** As {@link link}, for one use. */
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
      sendProblem(response, 404, 'There is no such page.')
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
      sendProblem(response, 401, 'Open the link that "cli-ops dashboard" has printed.')
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
        sendProblem(response, 404, 'There is no such call.')
    }
  }

  async #release(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#options.allowRelease) {
      sendProblem(response, 403, 'This dashboard only looks; start it with --allow-release.')
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
