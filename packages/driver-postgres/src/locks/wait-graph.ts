import type { LockMode, LockRequest, WaitGraph } from '@cli-ops/shared-ipc/driver'

/** A holder, or a waiter whose flow holds something, of a resource reachable from a wait. */
export interface GraphRow {
  readonly resource: string
  readonly id: string
  readonly mode: string
  readonly is_holder: boolean
  readonly ticket: string
  readonly held: readonly string[]
  readonly is_behind_exclusive: boolean
}

/** Follows "waits for its holder, who waits for …" from a resource on. $1: space; $2: kind; $3: resource. */
export const WAIT_GRAPH = `
with recursive reach (resource) as (
  select $3::text
  union
  select w.resource from reach r
    join cli_ops.claim h on h.space = $1 and h.kind = $2 and h.resource = r.resource and h.token is not null
    join cli_ops.claim w on cardinality(w.held) > 0 and w.held @> array[h.id] and w.space = $1 and w.kind = $2 and w.token is null
)
select c.resource, c.id, c.mode, c.token is not null as is_holder, c.ticket::text as ticket, c.held,
  c.token is null and exists (
    select from cli_ops.claim b where b.space = $1 and b.kind = $2 and b.resource = c.resource
      and b.token is null and b.mode = 'x' and b.ticket < c.ticket) as is_behind_exclusive
from reach r join cli_ops.claim c on c.space = $1 and c.kind = $2 and c.resource = r.resource
where c.token is not null or cardinality(c.held) > 0`

/** Returns the graph of these rows, and a request's waiter in it. */
export function waitGraph(
  rows: readonly GraphRow[],
  { id, held }: Pick<LockRequest, 'id' | 'held'>,
): { readonly start: GraphRow | undefined; readonly graph: WaitGraph<GraphRow, GraphRow> } {
  const waiters = rows.filter(({ is_holder: isHolder }) => !isHolder)
  const own = new Set(held)
  return {
    start: waiters.find((waiter) => waiter.id === id),
    graph: {
      idOf: (holder) => holder.id,
      modeOf: ({ mode }): LockMode => (mode === 's' ? 'shared' : 'exclusive'),
      holdersFor: ({ resource }) =>
        rows.filter((row) => row.is_holder && row.resource === resource),
      isBehindExclusive: (waiter) => waiter.is_behind_exclusive,
      waitersHolding: (holder) => waiters.filter((waiter) => waiter.held.includes(holder.id)),
      closes: (holder) => own.has(holder.id),
    },
  }
}
