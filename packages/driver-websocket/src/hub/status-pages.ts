import type { IncomingMessage, ServerResponse } from 'node:http'

import { setTimeout } from '@cli-ops/shared-ipc/driver'

import type { Admission } from './admission.js'
import type { HubHealth } from './hub.js'
import { METRICS_TYPE } from './prometheus-text.js'
import type { HttpRejection } from './request-check.js'

/** A guess at an access key is answered after this time. */
export const REFUSE_AFTER_MS = 250

type Page = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** The sources of the answers. */
export interface StatusSource {
  health(): Promise<HubHealth>
  metrics(): Promise<string>
}

/** Answers monitoring requests over HTTP: `/livez`, `/healthz` (also as `/health`) and `/metrics`, below the hub's path. */
export class StatusPages {
  readonly #admission: Admission
  readonly #source: StatusSource
  readonly #base: string

  /** @param path of the hub, such as `/` or `/ops` */
  constructor(path: string, admission: Admission, source: StatusSource) {
    this.#base = path.replace(/\/$/u, '')
    this.#admission = admission
    this.#source = source
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#admission.check(request)
    if (refusal !== undefined) {
      refuse(response, refusal)
      return
    }
    const page = this.#pageOf(request.url?.split('?', 1)[0] ?? '')
    if (page === undefined) refuse(response, { status: 404, text: 'not found' })
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      refuse(response, { status: 405, text: 'only GET' })
    else await page(request, response)
  }

  #pageOf(path: string): Page | undefined {
    switch (path) {
      case `${this.#base}/livez`:
        return this.#alive
      case `${this.#base}/health`:
      case `${this.#base}/healthz`:
        return this.#health
      case `${this.#base}/metrics`:
        return this.#metrics
      default:
        return undefined
    }
  }

  readonly #alive: Page = (_request, response) => {
    write(response, 200, 'text/plain', 'ok\n')
  }

  readonly #health: Page = async (_request, response) => {
    const health = await this.#source.health()
    const status = health.status === 'ok' ? 200 : 503
    write(response, status, 'application/json', `${JSON.stringify(health)}\n`)
  }

  readonly #metrics: Page = async (request, response) => {
    const refusal = this.#admission.refuseMetrics(request)
    if (refusal === undefined) {
      write(response, 200, METRICS_TYPE, await this.#source.metrics())
      return
    }
    setTimeout(
      () => {
        refuse(response, refusal)
      },
      refusal.status === 401 ? REFUSE_AFTER_MS : 0,
    ).unref()
  }
}

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}

function refuse(response: ServerResponse, { status, text }: HttpRejection): void {
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {}
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close', ...challenge })
  response.end(`${text}\n`)
}
