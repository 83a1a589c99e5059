import { randomId } from '@cli-ops/shared-ipc/driver'
import {
  type ConnectionOptions,
  headers as newHeaders,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node'

import { dial } from './dial.js'

/** The status of a request without responders. */
const NO_RESPONDERS = 503

/** An answer to a request. */
export interface Answer {
  /** Whether the status is 503: nothing responds on the subject. */
  readonly isNobodyThere: boolean
  readonly text: string
}

interface Pending {
  readonly subject: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** The client library's internals that this file uses: without them, a connection would keep the process alive. */
interface Insides {
  readonly protocol: {
    readonly heartbeats: { cancel(): void }
    readonly transport: { readonly socket?: { unref(): void; destroy(): void } }
  }
}

/** A connection to a server, and its in-flight requests. It keeps no process alive. */
export class Wire {
  readonly connection: NatsConnection
  readonly #inbox = `_INBOX.${randomId()}`
  readonly #pending = new Map<string, Pending>()
  readonly #subscriptions = new Map<string, Subscription>()
  #lastId = 0

  private constructor(connection: NatsConnection, onEnd: () => void) {
    this.connection = connection
    const { protocol } = connection as unknown as Insides
    protocol.transport.socket?.unref()
    // Callers find out whether the server is there.
    protocol.heartbeats.cancel()
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#onAnswer(message)
        else this.#rejectAll(error)
      },
    })
    this.#watchRefusals().catch(() => undefined)
    connection.closed().then(
      (error) => {
        this.#rejectAll(error ?? new Error('the connection ended'))
        onEnd()
      },
      () => undefined,
    )
  }

  /** Connects. If the signal was aborted meanwhile, ends the connection. */
  static async open(
    options: ConnectionOptions,
    signal: AbortSignal,
    onEnd: () => void,
  ): Promise<Wire> {
    const connection = await dial(options)
    const wire = new Wire(connection, onEnd)
    if (!signal.aborted) return wire
    wire.end()
    throw signal.reason
  }

  /** The largest message that the server accepts, including headers. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024
  }

  get isInCluster(): boolean {
    return this.connection.info?.cluster !== undefined
  }

  /** Sends a request and resolves to its single answer. @param text as a function, receives the subject for the answer */
  request(
    subject: string,
    text: string | ((replyTo: string) => string),
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const replyTo = this.#newReplyTo()
    return new Promise((resolve, reject) => {
      this.#pending.set(replyTo, { subject, resolve, reject })
      try {
        this.#publish(subject, typeof text === 'string' ? text : text(replyTo), replyTo, headers)
      } catch (error) {
        this.#pending.delete(replyTo)
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  /** Sends messages and resolves to whether a listener was there. */
  async say(subject: string, texts: readonly string[]): Promise<boolean> {
    const replyTo = this.#newReplyTo()
    let isHeard = true
    let failure: unknown
    this.#pending.set(replyTo, {
      subject,
      resolve: ({ isNobodyThere }) => {
        if (isNobodyThere) isHeard = false
      },
      reject: (error) => (failure = error),
    })
    try {
      for (const text of texts) this.#publish(subject, text, replyTo)
      // The server answers in order: by now it has reported missing listeners.
      await this.connection.flush()
    } finally {
      this.#pending.delete(replyTo)
    }
    if (failure !== undefined) throw failure as Error
    return isHeard
  }

  /** Listens on a subject from then on. Messages that a stream has stored come with their sequence. */
  async listen(
    subject: string,
    listener: (text: string, sequence: string | undefined) => void,
  ): Promise<void> {
    let refusal: Error | undefined
    const subscription = this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) refusal = error
        else listener(message.string(), message.headers?.get('Nats-Sequence') || undefined)
      },
    })
    this.#subscriptions.set(subject, subscription)
    // From now on others know that this listener is there.
    await this.connection.flush()
    if (refusal !== undefined) throw refusal
  }

  unlisten(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe()
    this.#subscriptions.delete(subject)
  }

  /** Sends a message that can be lost. */
  hint(subject: string, text = ''): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, text)
  }

  /** Ends the connection immediately. */
  end(): void {
    ;(this.connection as unknown as Insides).protocol.transport.socket?.destroy()
    this.connection.close().catch(() => undefined)
    this.#rejectAll(new Error('the connection ended'))
  }

  #newReplyTo(): string {
    this.#lastId += 1
    return `${this.#inbox}.${this.#lastId}`
  }

  #publish(
    subject: string,
    text: string,
    reply: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const names = Object.entries(headers)
    if (names.length === 0) {
      this.connection.publish(subject, text, { reply })
      return
    }
    const sent = newHeaders()
    for (const [name, value] of names) sent.set(name, value)
    this.connection.publish(subject, text, { reply, headers: sent })
  }

  #onAnswer(message: Msg): void {
    const pending = this.#pending.get(message.subject)
    const isNobodyThere = message.headers?.code === NO_RESPONDERS && message.data.length === 0
    if (pending === undefined) return
    this.#pending.delete(message.subject)
    pending.resolve({ isNobodyThere, text: message.string() })
  }

  /** The server names the subject it has refused, but not the request. */
  async #watchRefusals(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue
      const { operation, subject } = status.error
      if (operation !== 'publish') continue
      for (const [replyTo, pending] of [...this.#pending]) {
        if (pending.subject !== subject) continue
        this.#pending.delete(replyTo)
        pending.reject(status.error)
      }
    }
  }

  #rejectAll(error: unknown): void {
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const each of pending) each.reject(error)
  }
}
