import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** The two sockets of one connection. */
type Pair = readonly [client: Socket, server: Socket]

/**
 * A TCP proxy in this process, for network cuts. While it is cut nothing passes in either direction, connections stay
 * open, and new ones are accepted but not answered: like a firewall or a pulled cable.
 */
export class NetworkProxy {
  #target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  readonly #held = new Set<Socket>()
  /** Sockets that do not know yet that their other end has gone during a cut. */
  readonly #orphans = new Set<Socket>()
  #isCut = false

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (client) => {
      client.on('error', () => undefined)
      if (!this.#isCut) {
        this.#pass(client)
        return
      }
      this.#held.add(client)
      client.once('close', () => this.#held.delete(client))
    })
  }

  /** Starts a proxy on a free port in front of a server. */
  static async start(target: {
    readonly host?: string
    readonly port: number
  }): Promise<NetworkProxy> {
    const proxy = new NetworkProxy({ host: target.host ?? '127.0.0.1', port: target.port })
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** Leads new connections to another port. */
  retarget(port: number): void {
    this.#target = { ...this.#target, port }
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#pairs.size + this.#held.size
  }

  cut(): void {
    this.#isCut = true
    for (const socket of [...this.#pairs].flat()) socket.pause()
  }

  heal(): void {
    this.#isCut = false
    for (const client of this.#held) this.#pass(client)
    this.#held.clear()
    for (const socket of this.#orphans) socket.resetAndDestroy()
    this.#orphans.clear()
    for (const socket of [...this.#pairs].flat()) socket.resume()
  }

  /** Ends the open connections with a reset. */
  reset(): void {
    for (const socket of [...this.#pairs].flat()) socket.resetAndDestroy()
    for (const socket of [...this.#held, ...this.#orphans]) socket.resetAndDestroy()
    this.#orphans.clear()
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.reset()
    await once(this.#server, 'close')
  }

  #pass(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true })
    const pair: Pair = [client, server]
    this.#pairs.add(pair)
    join(client, server)
    join(server, client)
    client.resume()
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.once('close', () => {
        this.#pairs.delete(pair)
        const other = socket === client ? server : client
        // A cut also hides the end of a connection.
        if (this.#isCut && !other.destroyed) this.#orphans.add(other)
        else other.destroy()
      })
    }
  }
}

/** Forwards by hand, since `pipe` would resume what a cut has paused. */
function join(from: Socket, to: Socket): void {
  from.on('data', (chunk) => {
    to.write(chunk)
  })
  from.once('end', () => {
    to.end()
  })
}
