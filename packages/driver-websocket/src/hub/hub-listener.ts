import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import { CliOpsError, monotonicMs, pause } from '@cli-ops/shared-ipc/driver'

import { isLoopback } from '../loopback.js'
import type { HubTls } from './hub-options.js'
import { assertTls, type ResolvedHubOptions } from './resolve-hub-options.js'

/** A request must be complete within this time, its TLS handshake included. */
const HANDSHAKE_MS = 5_000
const MIN_TLS = 'TLSv1.2'
const MAX_HEADER_BYTES = 8 * 1024
/** Sockets that are not connections yet: handshakes, health checks. */
const SPARE_SOCKETS = 256
/** How often another hub's port is tried: there is no notification when it becomes free. */
const TRY_EVERY_MS = 20

/** The socket on which a hub listens, and HTTP on it. */
export class HubListener {
  readonly http: Server
  readonly #options: ResolvedHubOptions
  #closed: Promise<unknown> | undefined

  constructor(options: ResolvedHubOptions) {
    const { tls, maxConnections } = options
    this.#options = options
    const limits = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HANDSHAKE_MS,
      requestTimeout: HANDSHAKE_MS,
      connectionsCheckingInterval: 500,
    }
    this.http =
      tls === undefined
        ? createHttpServer(limits)
        : createHttpsServer({
            ...limits,
            ...tls,
            minVersion: MIN_TLS,
            handshakeTimeout: HANDSHAKE_MS,
          })
    this.http.maxConnections = maxConnections + SPARE_SOCKETS
    // Refuse input that is not HTTP without details; the default reply would say what was wrong.
    this.http.on('clientError', (_error, socket) => {
      socket.destroy()
    })
  }

  get url(): string {
    const { address, family, port } = this.#address
    const { tls, host, path } = this.#options
    // A certificate is issued for a name.
    const name = tls === undefined ? address : host
    const shown = family === 'IPv6' && name.includes(':') ? `[${name}]` : name
    return `${tls === undefined ? 'ws' : 'wss'}://${shown}:${port}${path === '/' ? '' : path}`
  }

  /** The address that successive hubs share. */
  get place(): string {
    return `${this.#address.address} ${this.#address.port}`
  }

  /**
   * Listens; if another process has the port, as soon as that process stops listening.
   *
   * @throws CliOpsError `ENGINE_UNAVAILABLE` if it cannot listen, or not in time
   * @throws TypeError if other machines could reach it without TLS
   */
  async listen(): Promise<void> {
    const { port, address, tls, takeoverMs, signal, onLog } = this.#options
    const deadline = monotonicMs() + takeoverMs
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#tryListen()
        break
      } catch (error) {
        const cause = error as NodeJS.ErrnoException
        const isTaken = cause.code === 'EADDRINUSE' && monotonicMs() < deadline
        if (!isTaken) throw listenError(`${address} port ${port}`, cause)
        if (tries === 0)
          onLog(`waiting for ${address} port ${port}: another process still listens there`)
        await pause(TRY_EVERY_MS, signal)
        signal?.throwIfAborted()
      }
    }
    if (tls === undefined && !isLoopback(this.#address.address))
      throw new TypeError(
        `host must be a loopback address without tls, got ${this.#address.address}`,
      )
    // Running out of descriptors while accepting must not end the hub.
    this.http.on('error', (error) => {
      onLog(`cannot accept: ${error.message}`)
    })
  }

  /** Stops listening: another hub can listen on the port from now on. Open connections stay. */
  stop(): void {
    this.#closed ??= new Promise((resolve) => {
      if (this.http.listening) this.http.close(resolve)
      else resolve(undefined)
    })
  }

  /** Stops listening, and ends the open connections. */
  async close(): Promise<void> {
    this.stop()
    this.http.closeAllConnections()
    await this.#closed
  }

  /** @throws TypeError as `Hub.renewTls` does */
  renewTls(tls: HubTls): void {
    if (!(this.http instanceof HttpsServer))
      throw new TypeError('tls cannot be renewed: the hub was started without it')
    assertTls(tls)
    this.http.setSecureContext({ ...tls, minVersion: MIN_TLS })
  }

  #tryListen(): Promise<void> {
    const { port, address, socketFd } = this.#options
    const where =
      socketFd === undefined ? { port, host: address, exclusive: true } : { fd: socketFd }
    return new Promise((resolve, reject) => {
      this.http.once('error', reject)
      this.http.listen(where, () => {
        this.http.removeListener('error', reject)
        resolve()
      })
    })
  }

  get #address(): AddressInfo {
    return this.http.address() as AddressInfo
  }
}

function listenError(where: string, cause: NodeJS.ErrnoException): CliOpsError {
  const message = `the hub cannot listen on ${where} (${cause.code ?? cause.message})`
  return new CliOpsError('ENGINE_UNAVAILABLE', message, { cause })
}
