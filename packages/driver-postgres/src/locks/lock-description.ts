import { decodeLockState, type LockInfo, type Owner } from '@cli-ops/shared-ipc/driver'

/** A row of `claim` as `cli_ops.shown` returns it. */
interface ShownClaim {
  readonly id: string
  readonly mode: string
  readonly token: string | null
  readonly since: number
  /** JSON from `encodeLockInfo`. */
  readonly info: string
}

/** What `cli_ops.describe` returns. */
export interface LockDescription {
  readonly resource: string
  readonly holders: readonly ShownClaim[]
  readonly waiters: readonly ShownClaim[]
}

/** Converts a description; null if the lock has neither holders nor waiters. */
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
