import { once } from 'node:events'

import { WebSocket } from 'ws'

/** Headers and other parts of a handshake. */
export interface RawOptions {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
}

/** What a hub reports about a session. */
export interface RawSession {
  readonly id: string
  readonly secret: string
  readonly resumed?: boolean
}

/** A client that sends whatever a test wants it to send. */
export class RawClient {
  readonly socket: WebSocket
  readonly notifications: { readonly method: string; readonly params: unknown }[] = []
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  session: RawSession | undefined
  readonly #answers = new Map<number, (message: RawAnswer) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
      })
    })
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as RawAnswer & { method: string; params: unknown }
      if (message.id === undefined) this.notifications.push(message)
      else this.#answers.get(message.id)?.(message)
    })
  }

  /** Resolves once the hub has accepted the upgrade; rejects with its status. */
  static async connect(
    url: string,
    { token, headers = {}, protocols = ['cli-ops.v1'] }: RawOptions,
  ): Promise<RawClient> {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const socket = new WebSocket(url, [...protocols], { headers: { ...authorization, ...headers } })
    const client = new RawClient(socket)
    await Promise.race([
      once(socket, 'open'),
      once(socket, 'unexpected-response').then(([request, response]) => {
        ;(request as { destroy(): void }).destroy()
        throw new Error(`status ${(response as { statusCode: number }).statusCode}`)
      }),
    ])
    return client
  }

  /** As {@link connect}, and sends hello. */
  static async enter(
    url: string,
    token: string,
    namespace = '',
    session?: RawSession,
  ): Promise<RawClient> {
    const client = await RawClient.connect(url, { token })
    const self = { name: 'raw', pid: 7, host: 'elsewhere', user: 'dev', startedAt: 0 }
    const hello = { namespace, leaseMs: 10_000, process: self, session }
    client.session = ((await client.call('hello', hello)) as { session: RawSession }).session
    return client
  }

  /** Sends a request and resolves to its answer, a result or an error. */
  async request(method: string, params: unknown = {}): Promise<RawAnswer> {
    const id = (this.#lastId += 1)
    const answer = new Promise<RawAnswer>((resolve) => {
      this.#answers.set(id, resolve)
    })
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return answer
  }

  /** As {@link request}, for a request that must succeed. */
  async call(method: string, params: unknown = {}): Promise<unknown> {
    const { result, error } = await this.request(method, params)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }
}

/** A hub's answer. */
export interface RawAnswer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { readonly code: string; readonly details?: unknown }
  }
}
