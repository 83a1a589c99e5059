import {
  type Cursor,
  type EventEnvelope,
  type EventParking,
  type LedgerStore,
  NOWHERE,
  type ParkedCount,
  type ParkedEvent,
  parseJson,
  parsePosition,
} from '@cli-ops/shared-ipc/driver'

import type { EventContext } from './postgres-events.js'

const MAX_LISTED = 64

const GROUPS = `select consumer as group, count(*)::int as count from cli_ops.parked where space = $1 group by consumer order by consumer`
const LIST = `select json, retry from cli_ops.parked where space = $1 and consumer = $2 and (epoch, n, id) > ($3, $4, $5)
  order by epoch, n, id limit ${MAX_LISTED}`
const RETRIES = `select json, retry from cli_ops.parked where space = $1 and consumer = $2 and retry and not (cursor || ' ' || id = any ($3))
  order by epoch, n, id limit ${MAX_LISTED}`
/** Sends the hint only if there is something to retry. */
const RETRY = `with asked as (
    update cli_ops.parked set retry = true where space = $1 and consumer = $2 and ($3::text is null or id = $3) returning 1
  ), counted as (select count(*)::int as count from asked)
  select count from counted, lateral (select case when count > 0 then pg_notify($4, $2) end) told`
const DROP = `with gone as (
    delete from cli_ops.parked where space = $1 and consumer = $2 and id = $3 and ($4::text is null or cursor = $4) returning cursor
  ), forgotten as (
    delete from cli_ops.attempt a using gone g where a.space = $1 and a.consumer = $2 and a.cursor = g.cursor
  )
  select count(*)::int as count from gone`
/** Attempts at an event that no process reads any more are kept for a week. */
const COUNT_ATTEMPT = `with forgotten as (
    delete from cli_ops.attempt where space = $1 and consumer = $2
      and (cursor = any ($4) or at < now() - interval '7 days') and cursor <> $3
  )
  insert into cli_ops.attempt as a (space, consumer, cursor, count, at) values ($1, $2, $3, 1, now())
  on conflict (space, consumer, cursor) do update set count = a.count + 1, at = now() returning count`
const PARK = `with forgotten as (
    delete from cli_ops.attempt where space = $1 and consumer = $2 and cursor = $3
  )
  insert into cli_ops.parked (space, consumer, cursor, epoch, n, id, json) values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (space, consumer, cursor, md5(id)) do update set json = excluded.json, retry = false`

interface ParkedRow {
  readonly json: string
  readonly retry: boolean
}

/** The attempts and parked events of all groups. */
export class PostgresParking implements EventParking, LedgerStore {
  readonly #context: EventContext

  constructor(context: EventContext) {
    this.#context = context
  }

  groups(): Promise<ParkedCount[]> {
    const { connection, space } = this.#context
    return connection.query<{ group: string; count: number }>(GROUPS, [space.key])
  }

  list(group: string, after?: ParkedEvent): Promise<ParkedEvent[]> {
    const { epoch, n } = after === undefined ? NOWHERE : positionOf(after.event.cursor)
    return this.#read(LIST, [group, epoch, n, after?.event.id ?? ''])
  }

  retries(group: string, taken: ReadonlySet<string>): Promise<ParkedEvent[]> {
    return this.#read(RETRIES, [group, [...taken]])
  }

  retry(group: string, id?: string): Promise<number> {
    return this.#count(RETRY, [group, id ?? null, this.#context.space.channels.parked])
  }

  drop(group: string, id: string): Promise<number> {
    return this.#count(DROP, [group, id, null])
  }

  countAttempt(group: string, cursor: Cursor, finished: readonly Cursor[]): Promise<number> {
    return this.#count(COUNT_ATTEMPT, [group, cursor, finished])
  }

  async park(group: string, { event, attempts, error, parkedAt }: ParkedEvent): Promise<void> {
    const { connection, space } = this.#context
    const { epoch, n } = positionOf(event.cursor)
    const json = JSON.stringify({ attempts, error, parkedAt, event })
    await connection.query(PARK, [space.key, group, event.cursor, epoch, n, event.id, json])
  }

  async unpark(group: string, event: EventEnvelope): Promise<void> {
    await this.#count(DROP, [group, event.id, event.cursor])
  }

  listen(group: string, listener: () => void): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(space.channels.parked, {
      onMessage: (asked) => {
        if (asked === group) listener()
      },
      // Retries requested earlier, or while no process was listening.
      onReady: listener,
    })
  }

  async #read(
    sql: string,
    values: readonly (string | number | readonly string[])[],
  ): Promise<ParkedEvent[]> {
    const { connection, space } = this.#context
    const rows = await connection.query<ParkedRow & Record<string, unknown>>(sql, [
      space.key,
      ...values,
    ])
    return rows.map(({ json, retry }) => ({ ...(parseJson(json) as ParkedEvent), retry }))
  }

  async #count(
    sql: string,
    values: readonly (string | null | readonly string[])[],
  ): Promise<number> {
    const { connection, space } = this.#context
    return Number(await connection.value(sql, [space.key, ...values]))
  }
}

function positionOf(cursor: Cursor) {
  return parsePosition(cursor) ?? NOWHERE
}
