import { inspectedAs } from '../../base/terminal/inspection.js'
import type { Holder, LockInfo, LockMode, LockWaiter, Owner, QueueStanding } from './lock-types.js'

/** What an engine knows about a lock. */
export interface LockFacts {
  readonly resource: string
  readonly mode: LockMode
  readonly holders: readonly Holder[]
  /** Read lazily and only once: with hundreds of waiters, each might need its own read. */
  readonly waiting: () => readonly LockWaiter[]
  /** The recipient's position, if the other waiters are not listed. */
  readonly queue?: QueueStanding
  /** Until when the engine grants nothing; irrelevant while the lock is held. */
  readonly closedUntil?: Date | undefined
}

/** Describes a lock. Null if nobody holds it or waits for it. */
export function createLockInfo({
  resource,
  mode,
  holders,
  waiting,
  queue,
  closedUntil,
}: LockFacts): LockInfo | null {
  let found: readonly LockWaiter[] | undefined
  const all = (): readonly LockWaiter[] => (found ??= waiting())
  const byAge = [...holders].sort((one, other) => one.since.getTime() - other.since.getTime())
  const [first] = byAge
  const [next] = first === undefined ? all() : []
  const shown = first ?? next
  if (shown === undefined) return null
  const info: LockInfo = {
    resource,
    id: first?.id ?? '',
    token: first?.token ?? 0n,
    owner: shown.owner,
    since: shown.since,
    mode,
    holders: byAge,
    ...(queue !== undefined && { queue }),
    ...(first === undefined && closedUntil !== undefined && { closedUntil }),
    get waiters(): readonly Owner[] {
      return all().map(({ owner }) => owner)
    },
    get waiting() {
      return all()
    },
  }
  return inspectedAs(info, '', () => ({ ...info }))
}
