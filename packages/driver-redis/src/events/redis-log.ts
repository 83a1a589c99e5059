import {
  type Cursor,
  type LogPosition,
  type LogSlice,
  NOWHERE,
  offerAppended,
  parsePosition,
  parseStart,
  type PolledLog,
  type PolledReader,
  slicesBehindEnd,
  type StartPosition,
  toCursor,
  toSlices,
} from '@cli-ops/shared-ipc/driver'

import { FETCH, FIND } from './event-scripts.js'
import { parseEntry } from './log-entry.js'
import type { EventContext, RedisEvents } from './redis-events.js'

/** The most entries one fetch returns. */
const FETCH_COUNT = 256

/**
 * The log from a position on, for one reader. Appends announce on a channel what they stored. The reader takes events
 * that directly follow its position from there, and fetches everything else from the log by explicit ids.
 */
export class RedisLog implements PolledLog<LogPosition> {
  readonly #context: EventContext
  readonly #events: RedisEvents
  readonly #start: StartPosition | LogPosition
  readonly #onEnd: () => void

  /**
   * @param onEnd called when the reader was closed
   * @throws TypeError if the value is not a position
   */
  constructor(
    context: EventContext,
    events: RedisEvents,
    from: StartPosition,
    onEnd: () => void = () => undefined,
  ) {
    this.#context = context
    this.#events = events
    this.#start = parseStart(from, parsePosition)
    this.#onEnd = onEnd
  }

  begin(): Promise<LogPosition> {
    return findPosition(this.#context, this.#start)
  }

  toCursor(position: LogPosition): Cursor {
    return toCursor(position)
  }

  async fetch(
    from: LogPosition,
  ): Promise<{ readonly slices: LogSlice<LogPosition>[]; readonly isMore: boolean }> {
    const { connection, keys } = this.#context
    const [end, hasRestarted, entries] = (await FETCH.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [toCursor(from), FETCH_COUNT],
    })) as [string, number, [string, string[]][]]
    if (entries.length === 0) return this.#behindEnd(from, parsePosition(end), hasRestarted === 1)
    const slices = toSlices(
      from,
      entries.flatMap((entry) => parseEntry(entry) ?? []),
    )
    this.#events.note(slices.at(-1)?.position ?? from)
    return { slices, isMore: entries.length >= FETCH_COUNT }
  }

  listen(reader: PolledReader<LogPosition>): () => void {
    const { subscriber, keys } = this.#context
    return subscriber.listen(keys.eventChannel, {
      onMessage: (message) => {
        this.#events.note(offerAppended(reader, message))
      },
      onReady: () => {
        reader.look()
      },
    })
  }

  end(): void {
    this.#onEnd()
  }

  #behindEnd(from: LogPosition, end: LogPosition | undefined, hasRestarted: boolean) {
    if (end === undefined) return { slices: [], isMore: false }
    this.#events.note(end)
    return slicesBehindEnd(from, end, hasRestarted)
  }
}

/** Finds where a reader begins, asking the engine if that is unknown. */
export async function findPosition(
  { connection, keys }: EventContext,
  start: StartPosition | LogPosition,
): Promise<LogPosition> {
  if (typeof start === 'object' && 'epoch' in start) return start
  const found = await FIND.run(connection, {
    keys: [keys.log, keys.logState, keys.groups],
    args: [start instanceof Date ? start.toISOString() : start],
  })
  return parsePosition(String(found)) ?? NOWHERE
}
