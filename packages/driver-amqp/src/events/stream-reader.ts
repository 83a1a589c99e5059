import {
  clearTimeout,
  CliOpsError,
  type Cursor,
  type EventBatch,
  type EventEnvelope,
  type EventGap,
  type EventReader,
  parseJson,
  setTimeout,
  type StartPosition,
  type StoredEvent,
  Waiters,
} from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import type { OpenChannel } from '../connection/open-channel.js'
import { consumeLog, type LogRecord } from './event-log.js'
import { findFirst, findLast, findPosition } from './find-position.js'
import { type LogPosition, positionOf, toCursor } from './log-position.js'

const PREFETCH = 256
/** The most events that one take returns. */
const TAKE_COUNT = 256
/** How many ids of events that might be redelivered are remembered. */
const MAX_IDS = 2_048
const FIRST_RETRY_MS = 20
const MAX_RETRY_MS = 250
/** An existing record arrives sooner. */
const DOUBT_MS = 1_000

/** A record that was read but not handed out yet. */
interface Item {
  readonly event?: EventEnvelope
  readonly gap?: EventGap
  /** Acknowledges up to this delivery. */
  deliveryTag: number
  readonly channel: OpenChannel
}

/**
 * Reads the log from a position on, and continues from there after the connection was lost. It rereads the record at
 * its position and compares it: a log that lost its end, or was deleted, has another record there.
 */
export class StreamReader implements EventReader {
  readonly ready: Promise<void>
  readonly #connection: AmqpConnection
  readonly #queue: string
  readonly #onClose: () => void
  readonly #waiters = new Waiters()
  readonly #items: Item[] = []
  readonly #ids = new Set<string>()
  /** Records after a hole in the offsets, until the hole is explained. */
  #held: LogRecord[] | undefined
  /** Just after the last record read. */
  #position: LogPosition = { offset: -1 }
  /** Just after the last record handed out; `undefined` until the start is known. */
  #given: Cursor | undefined
  #isVerifying = false
  #channel: OpenChannel | undefined
  #closed = false

  constructor(
    { connection, queue }: { readonly connection: AmqpConnection; readonly queue: string },
    start: StartPosition | LogPosition,
    onClose: () => void,
  ) {
    this.#connection = connection
    this.#queue = queue
    this.#onClose = onClose
    this.ready = this.#open(start)
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    // Marks are never handed out. A reader that begins after one does not miss it, even once it has expired.
    if (this.#given !== undefined && this.#items.length === 0) return toCursor(this.#position)
    return this.#given
  }

  poll(): EventBatch | undefined {
    const [first] = this.#items
    if (first === undefined) return undefined
    const next = this.#items.findIndex(({ gap }, index) => index > 0 && gap !== undefined)
    const taken = this.#items.splice(0, Math.min(next < 0 ? Infinity : next, TAKE_COUNT))
    const last = taken.at(-1)
    last?.channel.ack(last.deliveryTag, { allUpTo: true })
    this.#given = last?.event?.cursor ?? last?.gap?.resumeAt ?? this.#given
    const events = taken.flatMap(({ event }) => event ?? [])
    return first.gap === undefined ? { events } : { gap: first.gap, events }
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#items.length > 0) return
      if (this.#closed) throw closedError()
      await this.#waiters.wait(signal)
    }
  }

  commit(_cursor: Cursor): void {
    // Without a group there is nothing to store.
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#channel?.close()
    this.#items.length = 0
    this.#onClose()
    this.#waiters.wake()
  }

  async #open(start: StartPosition | LogPosition): Promise<void> {
    this.#position = await findPosition(this.#connection, this.#queue, start)
    this.#given = toCursor(this.#position)
    if (this.#closed) throw closedError()
    void this.#follow()
  }

  /** Reads until it is closed. A fixed position is kept, however long reading fails. */
  async #follow(): Promise<void> {
    let delayMs = FIRST_RETRY_MS
    while (!this.#closed) {
      try {
        await this.#attach()
        delayMs = FIRST_RETRY_MS
      } catch {
        delayMs = Math.min(MAX_RETRY_MS, delayMs * 2)
      }
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, delayMs).unref())
    }
  }

  /** Resolves when the consumer attached to the log has ended. */
  async #attach(): Promise<void> {
    const channel = await this.#connection.channel()
    this.#channel = channel
    this.#held = undefined
    const { offset, check } = this.#position
    this.#isVerifying = check !== undefined
    const start = check === undefined ? offset + 1 : offset
    const ended = new Promise<void>((resolve) => {
      channel.onEnd(() => {
        resolve()
      })
    })
    if (this.#closed) channel.close()
    await consumeLog(channel, { queue: this.#queue, start, prefetch: PREFETCH }, (record) => {
      if (channel === this.#channel) this.#onRecord(channel, record)
    })
    if (this.#isVerifying) this.#doubtLater(channel)
    await ended
  }

  #onRecord(channel: OpenChannel, record: LogRecord): void {
    const { offset, check } = this.#position
    if (this.#held !== undefined) this.#held.push(record)
    else if (this.#isVerifying) {
      this.#isVerifying = false
      if (record.offset > offset) this.#onRecord(channel, record)
      else if (record.offset === offset && positionOf(record).check === check)
        this.#skip(channel, record)
      else void this.#beginAnew(channel)
    } else if (record.offset <= offset) this.#skip(channel, record)
    else if (record.offset === offset + 1) this.#take(channel, record)
    else {
      this.#held = [record]
      this.#explainHole(channel).catch(() => {
        channel.close()
      })
    }
  }

  /**
   * Explains a hole: a segment of the log begins with the broker's own record. Only records before the oldest one have
   * expired.
   */
  async #explainHole(channel: OpenChannel): Promise<void> {
    const first = await findFirst(this.#connection, this.#queue)
    if (channel !== this.#channel || channel.end !== undefined) return
    const held = this.#held ?? []
    this.#held = undefined
    const from = this.#position
    if (first > from.offset + 1) {
      this.#goOnAt(channel, { offset: first - 1 }, first - from.offset - 1)
      return
    }
    const [next] = held
    if (next !== undefined) this.#position = { offset: next.offset - 1 }
    for (const record of held) this.#onRecord(channel, record)
  }

  /** Starts over: the log lost its end, or was deleted and recreated. */
  async #beginAnew(channel: OpenChannel): Promise<void> {
    this.#held = []
    try {
      const first = await findFirst(this.#connection, this.#queue)
      if (channel === this.#channel && channel.end === undefined)
        this.#goOnAt(channel, { offset: first - 1 })
    } catch {
      channel.close()
    }
  }

  #goOnAt(channel: OpenChannel, position: LogPosition, missed?: number): void {
    const gap = {
      expected: toCursor(this.#position),
      resumeAt: toCursor(position),
      ...(missed !== undefined && { missed }),
    }
    this.#position = position
    this.#items.push({ gap, deliveryTag: 0, channel })
    // The broker may have skipped stored records, so read again from there.
    channel.close()
    this.#waiters.wake()
  }

  /** The broker waits silently for an offset that its log does not have yet. */
  #doubtLater(channel: OpenChannel): void {
    const timer = setTimeout(() => {
      if (!this.#isVerifying || channel !== this.#channel || channel.end !== undefined) return
      findLast(this.#connection, this.#queue).then(
        () =>
          this.#isVerifying && channel === this.#channel ? this.#beginAnew(channel) : undefined,
        // The log is empty, so nothing is missing yet.
        () => {
          this.#doubtLater(channel)
        },
      )
    }, DOUBT_MS).unref()
    channel.onEnd(() => {
      clearTimeout(timer)
    })
  }

  #take(channel: OpenChannel, record: LogRecord): void {
    this.#position = positionOf(record)
    const isKnown = this.#ids.has(record.id)
    this.#remember(record.id)
    const event = record.isEvent && !(record.isAgain && isKnown) ? toEvent(record) : undefined
    if (event === undefined) {
      this.#skip(channel, record)
      return
    }
    this.#items.push({ event, deliveryTag: record.deliveryTag, channel })
    this.#waiters.wake()
  }

  #remember(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= MAX_IDS) return
    const [oldest] = this.#ids
    if (oldest !== undefined) this.#ids.delete(oldest)
  }

  #skip(channel: OpenChannel, { deliveryTag }: LogRecord): void {
    const last = this.#items.at(-1)
    if (last?.channel === channel) last.deliveryTag = deliveryTag
    else channel.ack(deliveryTag, { allUpTo: true })
  }
}

function toEvent(record: LogRecord): EventEnvelope | undefined {
  try {
    const event = parseJson(record.content.toString('utf8')) as StoredEvent
    return Object.assign(event, { cursor: toCursor(positionOf(record)) })
  } catch {
    // Another program has written to the log.
    return undefined
  }
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the reader was closed')
}
