import type { Holder, LockInfo, LockMode, LockWaiter, Owner, QueueStanding } from './lock-types.js'

/** What an engine knows of a lock. */
export interface LockFacts {
  readonly resource: string
  readonly mode: LockMode
  readonly holders: readonly Holder[]
  /** Looked up when it is asked for, and once: of hundreds each may have to be read. */
  readonly waiting: () => readonly LockWaiter[]
  /** Where the one who is told stands, where the others are not named. */
  readonly queue?: QueueStanding
}

/** Describes a lock. Null where nobody holds it or waits for it. */
export function createLockInfo({
  resource,
  mode,
  holders,
  waiting,
  queue,
}: LockFacts): LockInfo | null {
  let found: readonly LockWaiter[] | undefined
  const all = (): readonly LockWaiter[] => (found ??= waiting())
  const byAge = [...holders].sort((one, other) => one.since.getTime() - other.since.getTime())
  const [first] = byAge
  const [next] = first === undefined ? all() : []
  const shown = first ?? next
  if (shown === undefined) return null
  return {
    resource,
    id: first?.id ?? '',
    token: first?.token ?? 0n,
    owner: shown.owner,
    since: shown.since,
    mode,
    holders: byAge,
    ...(queue !== undefined && { queue }),
    get waiters(): readonly Owner[] {
      return all().map(({ owner }) => owner)
    },
    get waiting() {
      return all()
    },
  }
}
