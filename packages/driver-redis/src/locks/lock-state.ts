import type { LockInfo, LockMode, Owner } from '@cli-ops/shared-ipc/driver'

/** An owner as it stands in Redis: JSON has no dates. */
type StoredOwner = Omit<Owner, 'startedAt' | 'state'> & { readonly startedAt: number }

interface StoredHolder {
  readonly id: string
  readonly mode: 'x' | 's'
  readonly token: string
  readonly since: number
  readonly owner: StoredOwner
}

interface StoredState {
  readonly resource: string
  readonly holder?: StoredHolder
  readonly waiters?: readonly StoredOwner[]
}

/** Writes what others are shown of a holder or waiter, and how it is reached. */
export function encodeInfo(
  { state: _state, startedAt, ...owner }: Owner,
  channel: string,
  held: readonly string[],
): string {
  const info = { owner: { ...owner, startedAt: startedAt.getTime() }, channel }
  // Lua makes an object of an empty array.
  return JSON.stringify(held.length === 0 ? info : { ...info, held })
}

/** A request's place in the sets of a resource: its mode and its id. */
export function memberOf({ mode, id }: { readonly mode: LockMode; readonly id: string }): string {
  return `${mode === 'shared' ? 's' : 'x'}:${id}`
}

/** Reads the state of a resource that a script has described. */
export function decodeState(json: string, state: Owner['state'] = 'running'): LockInfo | null {
  const { resource, holder, waiters = [] } = JSON.parse(json) as StoredState
  const queue = waiters.map((waiter) => toOwner(waiter, 'running'))
  if (holder === undefined) {
    const [next] = queue
    if (next === undefined) return null
    const since = new Date()
    return { resource, id: '', token: 0n, owner: next, since, mode: 'exclusive', waiters: queue }
  }
  return {
    resource,
    id: holder.id,
    token: BigInt(holder.token),
    owner: toOwner(holder.owner, state),
    since: new Date(holder.since),
    mode: holder.mode === 's' ? 'shared' : 'exclusive',
    waiters: queue,
  }
}

function toOwner({ startedAt, ...owner }: StoredOwner, state: Owner['state']): Owner {
  return { ...owner, startedAt: new Date(startedAt), state }
}
