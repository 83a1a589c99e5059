import { randomId } from '@cli-ops/shared-ipc/driver'
import {
  connect,
  type ConnectionOptions,
  headers as newHeaders,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node'

/** What nobody who answers is told of. */
const NO_RESPONDERS = 503

/** An answer to a request. */
export interface Answer {
  /** 503 where nobody is there to answer. */
  readonly isNobodyThere: boolean
  readonly text: string
}

interface Pending {
  readonly subject: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** What of the client library is reached into: it gives no way to let a process end while it is connected. */
interface Insides {
  readonly protocol: {
    readonly heartbeats: { cancel(): void }
    readonly transport: { readonly socket?: { unref(): void; destroy(): void } }
  }
}

/** A connection to a server, and the requests that are under way on it. It keeps no process alive. */
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
    // Whether the server is there is seen by who calls it.
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

  /** Connects. A connection that is made after the signal was aborted is ended. */
  static async open(
    options: ConnectionOptions,
    signal: AbortSignal,
    onEnd: () => void,
  ): Promise<Wire> {
    const connection = await connect(options)
    const wire = new Wire(connection, onEnd)
    if (!signal.aborted) return wire
    wire.end()
    throw signal.reason
  }

  /** The largest message that the server takes, its headers included. */
  get maxPayload(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024
  }

  get isInCluster(): boolean {
    return this.connection.info?.cluster !== undefined
  }

  /** Asks, and resolves to the one answer. @param text may have to know where the answer goes */
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

  /** Says something, and resolves to whether anybody was there to hear it. */
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
      // The server answers in order: by then it has said that nobody is there.
      await this.connection.flush()
    } finally {
      this.#pending.delete(replyTo)
    }
    if (failure !== undefined) throw failure as Error
    return isHeard
  }

  /** Hears what is said on a subject, from then on. What a stream has stored comes with its sequence. */
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
    // From now on others know that somebody is there.
    await this.connection.flush()
    if (refusal !== undefined) throw refusal
  }

  unlisten(subject: string): void {
    this.#subscriptions.get(subject)?.unsubscribe()
    this.#subscriptions.delete(subject)
  }

  /** Says something that may be lost. */
  hint(subject: string, text = ''): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, text)
  }

  /** Ends at once. */
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

  /** The server says which subject it has refused, and not to whom. */
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
