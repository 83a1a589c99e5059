import {
  type Cursor,
  type LogEntry,
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

import type { EventContext, PostgresEvents } from './postgres-events.js'

/** The most events one fetch returns, and the bytes after which it stops. */
const FETCH_COUNT = 256
const FETCH_BYTES = 4 * 1024 * 1024

/** A row of the log. Without an event after the position, the event columns are absent. */
interface FetchedRow {
  readonly end_epoch: string
  readonly end_n: string
  readonly epoch: string | null
  readonly n: string
  readonly origin_epoch: string | null
  readonly origin_n: string | null
  readonly json: string
}

const FETCH = `
select l.epoch as end_epoch, l.n as end_n, e.epoch, e.n, e.origin_epoch, e.origin_n, e.json
from cli_ops.log l left join lateral (
  select f.*, sum(f.size) over (order by f.epoch, f.n) - f.size as before from (
    select * from cli_ops.event v where v.space = $1 and (v.epoch, v.n) > ($2, $3)
    order by v.epoch, v.n limit ${FETCH_COUNT}) f
) e on e.before < ${FETCH_BYTES}
where l.space = $1 order by e.epoch, e.n`

/**
 * Finds the position before the first matching event, else the end of the log; in one statement, so that events stored
 * meanwhile are not skipped.
 */
const FIND = `
select epoch, n from (
  (select epoch, n - 1 as n, 1 as rank from cli_ops.event
    where space = $1 and $2 <> 'latest' and at >= $3 order by cli_ops.event.epoch, cli_ops.event.n limit 1)
  union all
  select epoch, n, 2 from cli_ops.log where space = $1
) found order by rank limit 1`

/**
 * The log from a position on, for one reader. Appends announce on a channel what they stored. The reader takes events
 * that directly follow its position from there, and fetches everything else.
 */
export class PostgresLog implements PolledLog<LogPosition> {
  readonly #context: EventContext
  readonly #events: PostgresEvents
  readonly #start: StartPosition | LogPosition
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError if the value is not a position
   */
  constructor(
    context: EventContext,
    events: PostgresEvents,
    from: StartPosition,
    end: () => void = () => undefined,
  ) {
    this.#context = context
    this.#events = events
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
  ): Promise<{ readonly slices: LogSlice<LogPosition>[]; readonly isMore: boolean }> {
    const { connection, space } = this.#context
    const rows = await connection.query<FetchedRow>(FETCH, [space.key, from.epoch, from.n])
    const [first] = rows
    const end = first === undefined ? NOWHERE : positionOf(first.end_epoch, first.end_n)
    this.#events.note(end)
    if (first?.epoch === null || first === undefined) return this.#behindEnd(from, end)
    const slices = toSlices(from, rows.map(toEntry))
    const last = slices.at(-1)?.position ?? from
    return { slices, isMore: last.epoch !== end.epoch || last.n < end.n }
  }

  listen(reader: PolledReader<LogPosition>): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(space.channels.events, {
      onMessage: (message) => {
        this.#events.note(offerAppended(reader, message))
      },
      onReady: () => {
        reader.look()
      },
    })
  }

  async #behindEnd(from: LogPosition, end: LogPosition) {
    // The log has never been written to, or has gone.
    if (end === NOWHERE || from.epoch !== end.epoch) return slicesBehindEnd(from, end, false)
    const isAhead = from.n > end.n
    const epoch = isAhead
      ? Number(await this.#context.connection.value('select cli_ops.epoch()', []))
      : 0
    return slicesBehindEnd(from, end, epoch > end.epoch)
  }
}

/** Finds where a reader begins, asking the engine if that is unknown. */
export async function findPosition(
  { connection, space }: EventContext,
  start: StartPosition | LogPosition,
): Promise<LogPosition> {
  if (typeof start === 'object' && 'epoch' in start) return start
  const [how, since] = start instanceof Date ? ['time', start.toISOString()] : [start, '-infinity']
  const [row] = await connection.query<{ epoch: string; n: string }>(FIND, [space.key, how, since])
  return row === undefined ? NOWHERE : positionOf(row.epoch, row.n)
}

function toEntry({ epoch, n, json, ...origin }: FetchedRow): LogEntry {
  return {
    position: positionOf(epoch ?? '', n),
    json,
    origin:
      origin.origin_epoch === null
        ? undefined
        : positionOf(origin.origin_epoch, origin.origin_n ?? ''),
  }
}

/** The server returns 64-bit numbers as text. */
function positionOf(epoch: string, n: string): LogPosition {
  return { epoch: Number(epoch), n: Number(n) }
}
