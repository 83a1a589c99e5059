import type { EventRecord, Retention } from '@cli-ops/shared-ipc/driver'
import type { ConsumeMessage, Options } from 'amqplib'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import { LostError, type OpenChannel } from '../connection/open-channel.js'

const EVENT = 'cli-ops:event'
/** An empty record: reading it back shows where the log ended when it was written. */
const MARK = 'cli-ops:mark'
/** Header of records that may already be in the log. */
const AGAIN = 'x-cli-ops-again'
const NOT_FOUND = 404
const PRECONDITION_FAILED = 406
/** A broker deletes whole segments, but never the newest one. */
const SEGMENTS = 4
const MIN_SEGMENT_BYTES = 4 * 1024
const MAX_SEGMENT_BYTES = 500_000_000

/** A record of the log. */
export interface LogRecord {
  readonly offset: number
  readonly id: string
  readonly isEvent: boolean
  /** Whether it was sent again because it was unknown whether the first one had been stored. */
  readonly isAgain: boolean
  readonly content: Buffer
  readonly deliveryTag: number
}

/** Where a consumer begins: a number is the offset of the first record to read. */
export type LogStart = 'first' | 'last' | 'next' | number | Date

/**
 * Creates the log if there is none. Its retention is fixed from then on: `maxBytes`, regardless of age, since that is
 * the only promise to groups that have not read it yet. A broker policy can override it.
 */
export async function declareLog(
  connection: AmqpConnection,
  queue: string,
  { maxBytes }: Retention,
): Promise<OpenChannel> {
  const segmentBytes = Math.floor(maxBytes / SEGMENTS)
  const channel = await connection.channel()
  try {
    await channel.raw.assertQueue(queue, {
      durable: true,
      arguments: {
        'x-queue-type': 'stream',
        'x-max-length-bytes': maxBytes,
        'x-stream-max-segment-size-bytes': Math.min(
          MAX_SEGMENT_BYTES,
          Math.max(MIN_SEGMENT_BYTES, segmentBytes),
        ),
      },
    })
    return channel
  } catch (error) {
    // Another process created it, with a different retention.
    if (!isOtherRetention(error)) throw channel.end ?? error
    return connection.channel()
  }
}

/** Returns whether a queue exists: the log, or the cursor of a group. */
export async function hasQueue(connection: AmqpConnection, queue: string): Promise<boolean> {
  const channel = await connection.channel()
  try {
    await channel.raw.checkQueue(queue)
    return true
  } catch (error) {
    if (channel.end instanceof LostError) throw channel.end
    if (codeOf(error) === NOT_FOUND) return false
    throw channel.end ?? error
  } finally {
    channel.close()
  }
}

/**
 * Reads the log until the channel ends, with at most `prefetch` unacknowledged records.
 *
 * @param onRecord is called for every record from the start on, in log order
 */
export async function consumeLog(
  channel: OpenChannel,
  { queue, start, prefetch }: { queue: string; start: LogStart; prefetch: number },
  onRecord: (record: LogRecord) => void,
): Promise<void> {
  await channel.raw.prefetch(prefetch)
  const offset =
    start instanceof Date
      ? { '!': 'timestamp', value: Math.max(0, Math.floor(start.getTime() / 1_000)) }
      : start
  try {
    await channel.raw.consume(
      queue,
      (message) => {
        // The broker ends a consumer when it deletes or moves the stream.
        if (message === null) channel.close()
        else onRecord(toRecord(message))
      },
      { arguments: { 'x-stream-offset': offset } },
    )
  } catch (error) {
    throw channel.end ?? error
  }
}

/** Publishes an event. Resolves to false if there is no log. */
export function publishEvent(
  channel: OpenChannel,
  queue: string,
  { event, json }: EventRecord,
  { isAgain }: { readonly isAgain: boolean },
): Promise<boolean> {
  return publishRecord(channel, queue, Buffer.from(json), {
    type: EVENT,
    messageId: event.id,
    contentType: 'application/json',
    ...(isAgain && { headers: { [AGAIN]: true } }),
  })
}

/** Publishes a mark with an id. */
export function publishMark(channel: OpenChannel, queue: string, id: string): Promise<boolean> {
  return publishRecord(channel, queue, Buffer.alloc(0), { type: MARK, messageId: id })
}

function publishRecord(
  channel: OpenChannel,
  queue: string,
  content: Buffer,
  options: Options.Publish,
): Promise<boolean> {
  return channel.publish('', queue, content, { ...options, persistent: true, mandatory: true })
}

function toRecord({ properties, content, fields }: ConsumeMessage): LogRecord {
  const headers = (properties.headers ?? {}) as Record<string, unknown>
  return {
    offset: Number(headers['x-stream-offset']),
    id: String(properties.messageId),
    isEvent: properties.type === EVENT,
    isAgain: headers[AGAIN] === true,
    content,
    deliveryTag: fields.deliveryTag,
  }
}

/** A limit on queues, and a queue of another type, have the same code. */
function isOtherRetention(error: unknown): boolean {
  if (codeOf(error) !== PRECONDITION_FAILED) return false
  return /inequivalent arg 'x-(?:max-length-bytes|stream-max-segment-size-bytes)'/u.test(
    String(error),
  )
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}
