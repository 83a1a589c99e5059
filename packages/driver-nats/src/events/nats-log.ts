import {
  type LogEntry,
  type LogFetch,
  type LogPosition,
  NOWHERE,
  type PolledReader,
  slicesBehindEnd,
  toEvent,
  toSlices,
} from '@cli-ops/shared-ipc/driver'

import type { EventContext } from './nats-events.js'

/** The most events that one fetch returns, how many it requests together, and the bytes after which it stops. */
const FETCH_COUNT = 256
const FETCH_TOGETHER = 64
const FETCH_BYTES = 4 * 1024 * 1024

/** Where a log begins and ends. Its epoch is its stream's creation time. */
export interface LogEnds {
  readonly epoch: number
  readonly firstN: number
  readonly lastN: number
}

/** Returns the events after a position. */
export async function fetchAfter(context: EventContext, from: LogPosition): Promise<LogFetch> {
  const ends = await endsOf(context)
  const { epoch, firstN, lastN } = ends
  const begin = from.epoch === epoch ? Math.max(from.n + 1, firstN) : firstN
  const entries = await entriesFrom(context, from, ends, begin)
  if (entries.length === 0) return slicesBehindEnd(from, { epoch, n: lastN }, false)
  const slices = toSlices(from, entries)
  return { slices, isMore: (slices.at(-1)?.position.n ?? lastN) < lastN }
}

/** Passes a reader a message that the server has stored: its sequence, a space and the event. */
export function offerStored(reader: PolledReader<LogPosition>, message: string): void {
  const space = message.indexOf(' ')
  const n = Number(message.slice(0, space))
  const from = reader.fetchedUpTo
  // The next fetch notices a recreated log, whose numbers are low again.
  if (from !== undefined && from.n >= n) return
  if (from?.n !== n - 1) {
    reader.look()
    return
  }
  const position = { epoch: from.epoch, n }
  reader.offer(1, () => ({
    events: [toEvent({ position, json: message.slice(space + 1) })],
    position,
  }))
}

/** Finds where a reader begins. */
export async function findPosition(
  context: EventContext,
  start: 'latest' | 'earliest' | Date,
): Promise<LogPosition> {
  const { epoch, firstN, lastN } = await endsOf(context)
  if (start === 'latest') return { epoch, n: lastN }
  if (start === 'earliest') return { epoch, n: firstN - 1 }
  return { epoch, n: (await firstSince(context, start.getTime(), { epoch, firstN, lastN })) - 1 }
}

/** Returns the number of the first event stored at a time or later, by the server's clock, else the number after the last one. */
export async function firstSince(
  { log }: Pick<EventContext, 'log'>,
  since: number,
  { firstN, lastN }: LogEnds,
): Promise<number> {
  let [low, high] = [firstN, lastN + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const message = await log.at(middle)
    // An event that has just expired was an earlier one.
    if (message === undefined || message.at < since) low = middle + 1
    else high = middle
  }
  return low
}

export async function endsOf({ log }: Pick<EventContext, 'log'>): Promise<LogEnds> {
  const { created, state } = await log.info()
  return {
    epoch: Date.parse(created),
    firstN: Math.max(1, state.first_seq),
    lastN: state.last_seq,
  }
}

async function entriesFrom(
  { log }: EventContext,
  from: LogPosition,
  { epoch, lastN }: LogEnds,
  begin: number,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  let bytes = 0
  for (let n = begin; n <= lastN && entries.length < FETCH_COUNT && bytes < FETCH_BYTES;) {
    const count = Math.min(FETCH_TOGETHER, lastN - n + 1)
    const messages = await Promise.all(
      Array.from({ length: count }, (_, index) => log.at(n + index)),
    )
    for (const message of messages) {
      if (message === undefined) continue
      bytes += message.text.length
      entries.push({
        position: { epoch, n: message.seq },
        json: message.text,
        // A reader that starts over has already been notified; a reader of another log has missed an unknown number
        // of events.
        origin: from.epoch === NOWHERE.epoch ? NOWHERE : undefined,
        mayMissMore: true,
      })
    }
    n += count
  }
  return entries
}
