import {
  type LogEntry,
  type LogFetch,
  type LogPosition,
  NOWHERE,
  slicesBehindEnd,
  toSlices,
} from '@cli-ops/shared-ipc/driver'

import type { EventContext } from './postgres-events.js'

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

/** Returns the events after a position, and the end of the log. */
export async function fetchAfter(
  { connection, space }: EventContext,
  from: LogPosition,
): Promise<LogFetch & { readonly end: LogPosition }> {
  const rows = await connection.query<FetchedRow>(FETCH, [space.key, from.epoch, from.n])
  const [first] = rows
  // The log has never been written to, or has gone.
  if (first === undefined) return { ...slicesBehindEnd(from, NOWHERE, false), end: NOWHERE }
  const end = positionOf(first.end_epoch, first.end_n)
  if (first.epoch !== null) {
    const slices = toSlices(from, rows.map(toEntry))
    const last = slices.at(-1)?.position ?? from
    return { slices, isMore: last.epoch !== end.epoch || last.n < end.n, end }
  }
  const isAhead = from.epoch === end.epoch && from.n > end.n
  const epoch = isAhead ? Number(await connection.value('select cli_ops.epoch()', [])) : 0
  return { ...slicesBehindEnd(from, end, epoch > end.epoch), end }
}

/** Finds where a reader begins. */
export async function findPosition(
  { connection, space }: EventContext,
  start: 'latest' | 'earliest' | Date,
): Promise<LogPosition> {
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
