import {
  clearTimeout,
  type Cursor,
  type EventRecord,
  pause,
  type Retention,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection, Call } from '../connection/amqp-connection.js'
import { LostError, type OpenChannel } from '../connection/open-channel.js'
import { tryAgain } from '../connection/try-again.js'
import { consumeLog, declareLog, type LogRecord, type LogStart, publishEvent } from './event-log.js'
import { positionOf, toCursor } from './log-position.js'

const PREFETCH = 256
/** How long the log is read on after an event was stored, since another one often follows. */
const LINGER_MS = 2_000
/** How often to check whether the broker accepts messages again. */
const BLOCKED_PAUSE_MS = 50
/** How far to look back if the log's end is unknown: further than the clocks of two machines differ. */
const LOOK_BACK_MS = 60_000
const NOWHERE = { offset: -1, id: '' }

/** An event to store. */
interface Storing {
  readonly record: EventRecord
  /** Its position, once it was read back. */
  stored: LogRecord | undefined
  onStored: () => void
}

/**
 * Stores events and reads them back: a confirm says that a majority of the broker's nodes have an event, but only the
 * log says at which position. If the connection is lost in between, it is unknown whether the event was stored. So it
 * is sent again, marked, after everything the log has received since; readers take the first of the two.
 */
export class EventWriter {
  readonly #connection: AmqpConnection
  readonly #queue: string
  readonly #storing = new Map<string, Storing>()
  #echo: Promise<OpenChannel> | undefined
  /** The newest record read back. */
  #seen: number | undefined
  #inUse = 0
  #linger: NodeJS.Timeout | undefined

  constructor(connection: AmqpConnection, queue: string) {
    this.#connection = connection
    this.#queue = queue
  }

  /** Stores events and resolves to their cursors. Rejects as `AmqpConnection.within` does. */
  async append(records: readonly EventRecord[], retention: Retention): Promise<Cursor[]> {
    const batch = records.map((record) => ({
      record,
      stored: undefined,
      onStored: () => undefined,
    }))
    for (const each of batch) this.#storing.set(each.record.event.id, each)
    this.#inUse += 1
    clearTimeout(this.#linger)
    try {
      await this.#connection.within(undefined, (call) => this.#store(batch, retention, call))
      return batch.map(({ stored }) => toCursor(positionOf(stored ?? NOWHERE)))
    } catch (error) {
      // Wherever the log was read from, that record may have gone.
      this.#seen = undefined
      this.#rest()
      throw error
    } finally {
      for (const { record } of batch) this.#storing.delete(record.event.id)
      this.#inUse -= 1
      if (this.#inUse === 0) {
        this.#linger = setTimeout(() => {
          this.#rest()
        }, LINGER_MS).unref()
      }
    }
  }

  close(): void {
    clearTimeout(this.#linger)
    this.#rest()
  }

  async #store(batch: readonly Storing[], retention: Retention, call: Call): Promise<void> {
    const since = this.#seen === undefined ? undefined : this.#seen + 1
    await tryAgain(call, async (isAgain) => {
      // A message sent now would be stored once there is room again, when its caller has given up.
      while (this.#connection.isBlocked && !call.isOver) await pause(BLOCKED_PAUSE_MS)
      const channel = await this.#open(retention, isAgain ? lookBack(since) : 'next')
      if (!call.isOver) await this.#write(channel, batch, isAgain)
    })
  }

  async #write(channel: OpenChannel, batch: readonly Storing[], isAgain: boolean): Promise<void> {
    const missing = batch.filter(({ stored }) => stored === undefined)
    const readBack = missing.map(
      (each) =>
        new Promise<void>((resolve, reject) => {
          each.onStored = resolve
          channel.onEnd(reject)
        }),
    )
    const published = missing.map(async ({ record }) => {
      if (await publishEvent(channel, this.#queue, record, { isAgain })) return
      // Another process deleted it. The next attempt recreates it.
      channel.close()
      throw new LostError('the event log is gone')
    })
    await Promise.all([...published, ...readBack])
  }

  /** Opens the channel to write to the log and read it back, if it is not open. */
  #open(retention: Retention, start: LogStart): Promise<OpenChannel> {
    if (this.#echo !== undefined) return this.#echo
    const opening = this.#attach(retention, start, () => {
      if (this.#echo === opening) this.#echo = undefined
    })
    this.#echo = opening
    return opening
  }

  async #attach(retention: Retention, start: LogStart, forget: () => void): Promise<OpenChannel> {
    try {
      const channel = await declareLog(this.#connection, this.#queue, retention)
      channel.onEnd(forget)
      await consumeLog(channel, { queue: this.#queue, start, prefetch: PREFETCH }, (record) => {
        channel.ack(record.deliveryTag)
        this.#seen = Math.max(this.#seen ?? 0, record.offset)
        const storing = this.#storing.get(record.id)
        if (storing === undefined || storing.stored !== undefined) return
        storing.stored = record
        storing.onStored()
      })
      return channel
    } catch (error) {
      forget()
      throw error
    }
  }

  #rest(): void {
    const echo = this.#echo
    this.#echo = undefined
    echo?.then(
      (channel) => {
        channel.close()
      },
      () => undefined,
    )
  }
}

function lookBack(since: number | undefined): LogStart {
  return since ?? new Date(Date.now() - LOOK_BACK_MS)
}
