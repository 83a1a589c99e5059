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

/** Events that one look takes, and bytes after which it takes no more. */
const FETCH_COUNT = 256
const FETCH_BYTES = 4 * 1024 * 1024

/** A row of the log; the event is absent where there is none behind the position. */
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

/** One statement, so that what is stored meanwhile is not passed over: before the first event from there on, else behind the last. */
const FIND = `
select epoch, n from (
  (select epoch, n - 1 as n, 1 as rank from cli_ops.event
    where space = $1 and $2 <> 'latest' and at >= $3 order by cli_ops.event.epoch, cli_ops.event.n limit 1)
  union all
  select epoch, n, 2 from cli_ops.log where space = $1
) found order by rank limit 1`

/**
 * The log from a position on, as one reader looks at it. Appends say on a channel what they have stored; what follows the reader's
 * position directly is taken from there, and anything else is fetched.
 */
export class PostgresLog implements PolledLog<LogPosition> {
  readonly #context: EventContext
  readonly #events: PostgresEvents
  readonly #start: StartPosition | LogPosition
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError for what is no position
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
    // A log that nobody has written to, or one that is gone.
    if (end === NOWHERE || from.epoch !== end.epoch) return slicesBehindEnd(from, end, false)
    const isAhead = from.n > end.n
    const epoch = isAhead
      ? Number(await this.#context.connection.value('select cli_ops.epoch()', []))
      : 0
    return slicesBehindEnd(from, end, epoch > end.epoch)
  }
}

/** Finds where a reader begins; the engine is asked where that is not known. */
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

/** The server gives numbers of 64 bits as text. */
function positionOf(epoch: string, n: string): LogPosition {
  return { epoch: Number(epoch), n: Number(n) }
}
