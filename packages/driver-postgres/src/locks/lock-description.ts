import { decodeLockState, type LockInfo, type Owner } from '@cli-ops/shared-ipc/driver'

/** A row of `claim` as `cli_ops.shown` shows it. */
interface ShownClaim {
  readonly id: string
  readonly mode: string
  readonly token: string | null
  readonly since: number
  /** JSON of `encodeLockInfo`. */
  readonly info: string
}

/** What `cli_ops.describe` gives. */
export interface LockDescription {
  readonly resource: string
  readonly holders: readonly ShownClaim[]
  readonly waiters: readonly ShownClaim[]
}

/** Null where nobody holds the lock or waits for it. */
export function toLockInfo(
  { resource, holders, waiters }: LockDescription,
  state: Owner['state'] = 'running',
): LockInfo | null {
  const told = ({ info, ...claim }: ShownClaim): object => ({
    ...(JSON.parse(info) as object),
    ...claim,
  })
  const stored = { resource, holders: holders.map(told), waiters: waiters.map(told) }
  return decodeLockState(JSON.stringify(stored), state)
}
