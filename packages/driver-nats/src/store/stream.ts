import type { NatsConnection } from '../connection/nats-connection.js'
import { apiOn, parseAnswer } from '../connection/nats-connection.js'
import { JetStreamError, JS } from '../connection/engine-error.js'
import type { Answer, Wire } from '../connection/wire.js'

const PAGE = 100_000
const THREE = 3

/** How to create a stream. */
export interface StreamConfig {
  readonly name: string
  readonly subjects: readonly string[]
  readonly max_msgs_per_subject?: number
  /** Nanoseconds. */
  readonly max_age?: number
  readonly republish?: { readonly src: string; readonly dest: string }
}

/** A message of a stream. */
export interface StoredMessage {
  readonly subject: string
  readonly seq: number
  readonly text: string
  /** When the server stored it, in milliseconds of its clock. */
  readonly at: number
}

/** A stream's configuration and state. */
export interface StreamInfo {
  readonly config: { readonly storage: string; readonly num_replicas: number }
  readonly created: string
  readonly state: {
    readonly messages: number
    readonly bytes: number
    readonly first_seq: number
    readonly last_seq: number
    readonly subjects?: Readonly<Record<string, number>>
  }
  readonly total?: number
}

interface RawMessage {
  readonly message: {
    readonly subject: string
    readonly seq: number
    readonly data?: string
    readonly time: string
  }
}

/** A JetStream stream, created on demand, and recreated if it has gone. Its leader answers all reads. */
export class Stream {
  readonly #connection: NatsConnection
  readonly #config: StreamConfig

  constructor(connection: NatsConnection, config: StreamConfig) {
    this.#connection = connection
    this.#config = config
  }

  get name(): string {
    return this.#config.name
  }

  /**
   * Stores a message and resolves to its sequence; `undefined` if the last message of its subject is not the expected
   * one.
   *
   * @param expected sequence of the last message of that subject, 0 for none
   */
  put(
    subject: string,
    text: string,
    expected?: number,
    signal?: AbortSignal,
  ): Promise<number | undefined> {
    const headers =
      expected === undefined ? {} : { 'Nats-Expected-Last-Subject-Sequence': String(expected) }
    return this.#with(
      (wire) =>
        except([JS.wrongSequence], undefined, async () => {
          const { seq } = parsePut(await wire.request(subject, text, headers))
          return seq
        }),
      signal,
    )
  }

  /** Stores messages in order, and resolves to their sequences. */
  putAll(subject: string, texts: readonly string[]): Promise<number[]> {
    return this.#with(async (wire) => {
      const answers = await Promise.all(texts.map((text) => wire.request(subject, text)))
      return answers.map((answer) => parsePut(answer).seq)
    })
  }

  /** Returns the last message of a subject. */
  last(subject: string, signal?: AbortSignal): Promise<StoredMessage | undefined> {
    return this.#get({ last_by_subj: subject }, signal)
  }

  /** Returns the first message from a sequence on whose subject matches. */
  next(filter: string, seq = 1, signal?: AbortSignal): Promise<StoredMessage | undefined> {
    return this.#get({ seq, next_by_subj: filter }, signal)
  }

  at(seq: number): Promise<StoredMessage | undefined> {
    return this.#get({ seq })
  }

  /** Removes a message; false if it is gone, or a newer one of its subject has replaced it. */
  remove(seq: number): Promise<boolean> {
    return this.#with((wire) =>
      except([JS.noMessage, JS.noMessageToDelete], false, async () => {
        await this.#ask(wire, 'MSG.DELETE', { seq, no_erase: true })
        return true
      }),
    )
  }

  /** Removes the messages of matching subjects, or all before a sequence, and resolves to their number. */
  async purge(what: { readonly filter: string } | { readonly seq: number }): Promise<number> {
    const { purged } = await this.#with((wire) =>
      this.#ask<{ readonly purged: number }>(wire, 'PURGE', what),
    )
    return purged
  }

  info(): Promise<StreamInfo> {
    return this.#with((wire) => this.#ask<StreamInfo>(wire, 'INFO'))
  }

  /** As `info`, if the stream exists. */
  infoIfThere(): Promise<StreamInfo | undefined> {
    return this.#connection.call((wire) =>
      except([JS.noStream], undefined, () => this.#ask<StreamInfo>(wire, 'INFO')),
    )
  }

  /** Returns the matching subjects that have messages. */
  async subjects(filter: string): Promise<string[]> {
    const found: string[] = []
    for (;;) {
      const what = { subjects_filter: filter, offset: found.length }
      const { state, total = 0 } = await this.#with((wire) =>
        this.#ask<StreamInfo>(wire, 'INFO', what),
      )
      const page = Object.keys(state.subjects ?? {})
      found.push(...page)
      if (page.length < PAGE || found.length >= total) return found
    }
  }

  /** Returns the last messages of matching subjects. */
  async lastOfEach(filter: string): Promise<StoredMessage[]> {
    const messages = await Promise.all(
      (await this.subjects(filter)).map((subject) => this.last(subject)),
    )
    return messages.filter((message) => message !== undefined)
  }

  #get(what: object, signal?: AbortSignal): Promise<StoredMessage | undefined> {
    return this.#with(
      (wire) =>
        except([JS.noMessage], undefined, async () => {
          const { message } = await this.#ask<RawMessage>(wire, 'MSG.GET', what)
          const { subject, seq, data = '', time } = message
          return {
            subject,
            seq,
            text: Buffer.from(data, 'base64').toString(),
            at: Date.parse(time),
          }
        }),
      signal,
    )
  }

  #ask<T>(wire: Wire, of: string, what?: object): Promise<T> {
    return apiOn<T>(wire, `STREAM.${of}.${this.name}`, what)
  }

  /** A request to a missing stream did nothing: it is sent again once the stream has been created. */
  #with<T>(work: (wire: Wire) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#connection.call(async (wire) => {
      try {
        return await work(wire)
      } catch (error) {
        if (!(error instanceof JetStreamError) || error.errCode !== JS.noStream) throw error
        await this.#make(wire)
        return work(wire)
      }
    }, signal)
  }

  async #make(wire: Wire): Promise<void> {
    const { replicas } = this.#connection.target
    const config = {
      ...this.#config,
      storage: 'file',
      // A message that does not fit is refused; stored messages are never evicted.
      discard: 'new',
      num_replicas: replicas ?? (wire.isInCluster ? THREE : 1),
    }
    await apiOn(wire, `STREAM.CREATE.${this.name}`, config).catch((error: unknown) => {
      // Created by an earlier version, with another number of copies, or by an administrator: use that one.
      if (error instanceof JetStreamError && error.errCode === JS.nameInUse) return
      throw error
    })
  }
}

/** A missing stream leaves nothing to answer what is published to it. */
function parsePut({ isNobodyThere, text }: Answer): { readonly seq: number } {
  if (isNobodyThere) throw new JetStreamError(JS.noStream, 'the stream does not exist')
  return parseAnswer<{ seq: number }>(text)
}

/** Runs work, with a fallback for some error codes. */
async function except<T, Fallback>(
  codes: readonly number[],
  fallback: Fallback,
  work: () => Promise<T>,
): Promise<T | Fallback> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof JetStreamError && codes.includes(error.errCode)) return fallback
    throw error
  }
}
