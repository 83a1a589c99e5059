import { randomId, type StartPosition, type StoredEvent } from '@cli-ops/shared-ipc/driver'

import type { AmqpConnection } from '../connection/amqp-connection.js'
import { LostError } from '../connection/open-channel.js'
import { tryAgain } from '../connection/try-again.js'
import { consumeLog, hasQueue, type LogRecord, type LogStart, publishMark } from './event-log.js'
import { BEGINNING, type LogPosition, positionOf } from './log-position.js'

const PREFETCH = 256
/** A log is searched by the broker's clock; events are dated by their emitters'. */
const CLOCKS_MS = 60_000

/**
 * Finds where a reader begins. The broker does not report where a stream ends, so a mark is written and read back:
 * records before it were stored earlier, and records after the returned position are stored later. Rejects as
 * `AmqpConnection.within` does.
 */
export async function findPosition(
  connection: AmqpConnection,
  queue: string,
  start: StartPosition | LogPosition,
): Promise<LogPosition> {
  if (typeof start === 'object' && 'offset' in start) return start
  return connection.within(undefined, (call) =>
    tryAgain(call, async () => {
      if (!(await hasQueue(connection, queue))) return BEGINNING
      const mark = randomId()
      return read(connection, queue, {
        start: toLogStart(start),
        mark,
        find: (record) => {
          if (record.id === mark) return positionOf(record)
          return isWanted(record, start) ? { offset: record.offset - 1 } : undefined
        },
      })
    }),
  )
}

/** Resolves to the offset of the oldest record in the log. */
export async function findFirst(connection: AmqpConnection, queue: string): Promise<number> {
  return findOffset(connection, queue, 'first')
}

/** Resolves to the offset of a record at the end of the log. */
export async function findLast(connection: AmqpConnection, queue: string): Promise<number> {
  return findOffset(connection, queue, 'last')
}

async function findOffset(
  connection: AmqpConnection,
  queue: string,
  start: LogStart,
): Promise<number> {
  const { offset } = await connection.within(undefined, () =>
    read(connection, queue, { start, find: (record) => record }),
  )
  return offset
}

interface Search {
  readonly start: LogStart
  readonly mark?: string
  readonly find: (record: LogRecord) => LogPosition | undefined
}

async function read(
  connection: AmqpConnection,
  queue: string,
  { start, mark, find }: Search,
): Promise<LogPosition> {
  const channel = await connection.channel()
  try {
    return await new Promise<LogPosition>((resolve, reject) => {
      channel.onEnd(reject)
      consumeLog(channel, { queue, start, prefetch: PREFETCH }, (record) => {
        const found = find(record)
        if (found !== undefined) resolve({ offset: found.offset, check: found.check })
        channel.ack(record.deliveryTag)
      })
        .then(async () => {
          if (mark === undefined || (await publishMark(channel, queue, mark))) return
          throw new LostError('the event log is gone')
        })
        .catch(reject)
    })
  } finally {
    channel.close()
  }
}

function toLogStart(start: StartPosition): LogStart {
  if (start === 'earliest') return 'first'
  if (!(start instanceof Date) || start.getTime() > Date.now()) return 'next'
  return new Date(start.getTime() - CLOCKS_MS)
}

function isWanted({ isEvent, content }: LogRecord, start: StartPosition): boolean {
  if (start === 'earliest') return true
  if (!(start instanceof Date) || !isEvent) return false
  try {
    const { time } = JSON.parse(content.toString('utf8')) as StoredEvent
    return Date.parse(time) >= start.getTime()
  } catch {
    return false
  }
}
