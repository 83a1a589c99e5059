import { request } from 'node:https'
import { request as requestPlain } from 'node:http'

import type { HubHealth } from '@cli-ops/driver-websocket/hub'
import { CliOpsError } from '@cli-ops/shared-ipc'
import { describe, type OpsRun, readTlsFiles } from '@cli-ops/shared-ipc/ops'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 64 * 1024

/**
 * `serve --check <url>`: asks a hub for its health, without an access key. Exit code 1 if the hub or its store cannot be
 * reached. The certificate is verified as clients do, with `CLI_OPS_WEBSOCKET_TLS_CA_FILE`.
 */
export const checkHub: OpsRun = async ({ args, print, signal }) => {
  const health = await askHealth(healthUrl(args[0] ?? ''), signal)
  const { status, store, connections, version } = health
  print(
    health,
    `${status}: version ${version}, ${connections === 1 ? '1 connection' : `${connections} connections`}, store ${store.url} ${store.state}`,
  )
  return status === 'ok' ? 0 : 1
}

function healthUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'ws:' && url?.protocol !== 'wss:')
    throw new TypeError(`--check must be a URL such as wss://build-7:4711, got ${describe(text)}`)
  url.username = ''
  url.password = ''
  // The setter of `protocol` cannot change these two.
  const path = url.pathname.replace(/\/$/u, '')
  return new URL(`${path}/healthz`, url.href.replace(/^ws/u, 'http'))
}

async function askHealth(url: URL, signal: AbortSignal): Promise<HubHealth> {
  const failed = (reason: string, cause?: unknown): CliOpsError =>
    new CliOpsError('ENGINE_UNAVAILABLE', `no hub at ${url.host}: ${reason}`, { cause })
  const text = await new Promise<string>((resolve, reject) => {
    const limit = AbortSignal.timeout(TIMEOUT_MS)
    const options = { agent: false as const, signal: AbortSignal.any([signal, limit]) }
    const asked =
      url.protocol === 'https:'
        ? request(url, { ...options, ...readTlsFiles('websocket') })
        : requestPlain(url, options)
    asked.on('error', (error) => {
      reject(failed(limit.aborted ? `no answer within ${TIMEOUT_MS} ms` : error.message, error))
    })
    asked.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
        if (body.length > MAX_BYTES) response.destroy(new Error('the answer is too large'))
      })
      response.on('error', (error) => reject(failed(error.message, error)))
      response.on('end', () => resolve(body))
    })
    asked.end()
  })
  const health = parseHealth(text)
  if (health === undefined) throw failed('the server there is not a hub')
  return health
}

function parseHealth(text: string): HubHealth | undefined {
  try {
    const health = JSON.parse(text) as HubHealth | null
    return typeof health?.store.url === 'string' ? health : undefined
  } catch {
    return undefined
  }
}
