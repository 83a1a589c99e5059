import { CliOpsError, monotonicMs } from '@cli-ops/shared-ipc/driver'
import type { RawData, WebSocket } from 'ws'

import { decodeMessage, encodeRequest } from '../protocol/message.js'
import type { Welcome } from '../protocol/protocol.js'
import { fromWireError } from '../protocol/wire-error.js'
import { engineError } from './engine-error.js'

/** Takes what a hub says of its own accord. */
export type NotificationListener = (
  method: string,
  params: Readonly<Record<string, unknown>>,
) => void

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** One connection that was accepted, from its first message to its end. Requests of it end with it. */
export class HubSession {
  readonly #socket: WebSocket
  readonly #url: URL
  readonly #pending = new Map<number, Pending>()
  readonly #onNotification: NotificationListener
  #lastId = 0
  #ended: CliOpsError | undefined
  /** When anything last came from the hub, on the monotonic clock. */
  heardAt = monotonicMs()
  #welcome: Welcome | undefined

  /** @param on.end called once, when the connection has ended */
  constructor(
    socket: WebSocket,
    url: URL,
    on: {
      readonly notification: NotificationListener
      readonly end: (session: HubSession) => void
    },
  ) {
    this.#socket = socket
    this.#url = url
    this.#onNotification = on.notification
    socket.on('message', (data, isBinary) => {
      this.#onMessage(data, isBinary)
    })
    socket.on('ping', () => {
      this.heardAt = monotonicMs()
    })
    socket.on('close', (code, reason) => {
      this.#end(engineError(url, closeText(code, reason.toString('utf8'))))
      on.end(this)
    })
    socket.on('error', (error) => {
      this.#end(engineError(url, error))
    })
  }

  /** What the hub has granted. */
  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new TypeError('the session has not begun yet')
    return this.#welcome
  }

  set welcome(welcome: Welcome) {
    this.#welcome = welcome
  }

  /** Bytes that wait to leave this process. */
  get unsentBytes(): number {
    return this.#socket.bufferedAmount
  }

  /**
   * Asks the hub. Rejects with what it says, with `ENGINE_UNAVAILABLE` when the connection ends, and with the reason of the signal,
   * of which the hub is told as well.
   */
  call(method: string, params: object, signal?: AbortSignal): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = (this.#lastId += 1)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#pending.delete(id)
        this.notify('$/cancelRequest', { id })
        reject(signal?.reason as Error)
      }
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      this.#pending.set(id, { resolve: settled(resolve), reject: settled(reject) })
      signal?.addEventListener('abort', abort, { once: true })
      this.#socket.send(encodeRequest(method, params, id))
    })
  }

  /** Says something that is not answered. After the end it does nothing. */
  notify(method: string, params: object): void {
    if (this.#ended !== undefined) return
    this.#socket.send(encodeRequest(method, params))
  }

  /** Resolves when everything said so far has left this process, or the connection has ended. */
  flush(): Promise<void> {
    if (this.#ended !== undefined) return Promise.resolve()
    // A pong is what may be sent unasked, and means nothing.
    return new Promise((resolve) => {
      this.#socket.pong('', undefined, () => {
        resolve()
      })
    })
  }

  /** Ends at once: an orderly end waits for a hub that may not answer. */
  drop(reason: string): void {
    this.#end(engineError(this.#url, reason))
    this.#socket.terminate()
  }

  /** Ends in order, after what was sent, but within the time that is left. */
  async close(timeoutMs: number): Promise<void> {
    this.#end(new CliOpsError('CLOSED', 'the connection to the hub was closed'))
    if (this.#socket.readyState === this.#socket.CLOSED) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#socket.terminate()
        resolve()
      }, timeoutMs)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#socket.close(1000)
    })
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    this.heardAt = monotonicMs()
    const message = isBinary ? undefined : decodeMessage(data as Buffer)
    if (message === undefined) {
      this.drop('what came was no message of a hub')
      return
    }
    const { id, method, params, result, error } = message
    if (method !== undefined) {
      this.#onNotification(method, params ?? {})
      return
    }
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (pending === undefined) return
    this.#pending.delete(id as number)
    if (error === undefined) pending.resolve(result)
    else pending.reject(fromWireError(error))
  }

  #end(reason: CliOpsError): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of pending) reject(reason)
  }
}

function closeText(code: number, reason: string): string {
  if (reason !== '') return `it ended the connection: ${reason}`
  return code === 1006 ? 'the connection was lost' : `it ended the connection (${code})`
}
