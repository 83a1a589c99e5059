import {
  type Cursor,
  type LogEntry,
  type LogPosition,
  type LogSlice,
  NOWHERE,
  parsePosition,
  parseStart,
  type PolledLog,
  type PolledReader,
  slicesBehindEnd,
  type StartPosition,
  toCursor,
  toEvent,
  toSlices,
} from '@cli-ops/shared-ipc/driver'

import { told } from '../space.js'
import type { EventContext } from './nats-events.js'

/** Events that one look takes, how many are asked for at once, and bytes after which no more are. */
const FETCH_COUNT = 256
const FETCH_TOGETHER = 64
const FETCH_BYTES = 4 * 1024 * 1024

/** Where a log begins and ends. Its epoch is when its stream was made. */
export interface LogEnds {
  readonly epoch: number
  readonly firstN: number
  readonly lastN: number
}

/**
 * The log from a position on, as one reader looks at it. The server repeats what it has stored on another subject; what follows the reader's
 * position directly is taken from there, and anything else is fetched.
 */
export class NatsLog implements PolledLog<LogPosition> {
  readonly #context: EventContext
  readonly #start: StartPosition | LogPosition
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError for what is no position
   */
  constructor(context: EventContext, from: StartPosition, end: () => void = () => undefined) {
    this.#context = context
    this.#start = parseStart(from, parsePosition)
    this.end = end
  }

  begin(): Promise<LogPosition> {
    return findPosition(this.#context, this.#start)
  }

  toCursor(position: LogPosition): Cursor {
    return toCursor(position)
  }

  async fetch(
    from: LogPosition,
  ): Promise<{ readonly slices: readonly LogSlice<LogPosition>[]; readonly isMore: boolean }> {
    const ends = await endsOf(this.#context)
    const { epoch, firstN, lastN } = ends
    const begin = from.epoch === epoch ? Math.max(from.n + 1, firstN) : firstN
    const entries = await this.#entries(from, ends, begin)
    if (entries.length === 0) return slicesBehindEnd(from, { epoch, n: lastN }, false)
    const slices = toSlices(from, entries)
    return { slices, isMore: (slices.at(-1)?.position.n ?? lastN) < lastN }
  }

  listen(reader: PolledReader<LogPosition>): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(told.events(space), {
      onMessage: (message) => {
        onStored(reader, message)
      },
      onReady: () => {
        reader.look()
      },
    })
  }

  async #entries(from: LogPosition, { epoch, lastN }: LogEnds, begin: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = []
    let bytes = 0
    for (let n = begin; n <= lastN && entries.length < FETCH_COUNT && bytes < FETCH_BYTES;) {
      const count = Math.min(FETCH_TOGETHER, lastN - n + 1)
      const messages = await Promise.all(
        Array.from({ length: count }, (_, index) => this.#context.log.at(n + index)),
      )
      for (const message of messages) {
        if (message === undefined) continue
        bytes += message.text.length
        entries.push({
          position: { epoch, n: message.seq },
          json: message.text,
          // Who begins anew has been told of it; whose log was another one has missed what nobody can count.
          origin: from.epoch === NOWHERE.epoch ? NOWHERE : undefined,
          mayMissMore: true,
        })
      }
      n += count
    }
    return entries
  }
}

function onStored(reader: PolledReader<LogPosition>, message: string): void {
  const space = message.indexOf(' ')
  const n = Number(message.slice(0, space))
  const from = reader.fetchedUpTo
  // A log that was made anew, whose numbers are low again, is found by the next look.
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

/** Finds where a reader begins; the engine is asked where that is not known. */
export async function findPosition(
  context: EventContext,
  start: StartPosition | LogPosition,
): Promise<LogPosition> {
  if (typeof start === 'object' && 'epoch' in start) return start
  const { epoch, firstN, lastN } = await endsOf(context)
  if (start === 'latest') return { epoch, n: lastN }
  if (start === 'earliest') return { epoch, n: firstN - 1 }
  const since = new Date(start).getTime()
  return { epoch, n: (await firstSince(context, since, { epoch, firstN, lastN })) - 1 }
}

/** The number of the first event that was stored at a time or later, by the server's clock; behind the last one where there is none. */
export async function firstSince(
  { log }: Pick<EventContext, 'log'>,
  since: number,
  { firstN, lastN }: LogEnds,
): Promise<number> {
  let [low, high] = [firstN, lastN + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const message = await log.at(middle)
    // What has expired meanwhile was before.
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
