import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { formatIdentity, ownIdentity } from '../../../base/process/process-identity.js'
import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import type { Home } from '../home/home.js'
import { DeadRecords } from './dead-records.js'
import { RecordLiveness } from './record-liveness.js'
import { RecordStore } from './record-store.js'

/** The result of {@link settleDead}. */
export interface Settled {
  /** The records that were removed. */
  readonly removed: readonly ServiceRecord[]
  /** The other processes that have records and are not provably dead, as their identities are written. */
  readonly living: ReadonlySet<string>
  /** True if records of dead processes may be left: another call continues. */
  readonly hasMore: boolean
}

/** Options of {@link settleDead}. */
export interface SettleOptions {
  /** On `monotonicMs()`: records not started by then are left, except one. */
  readonly deadline: number
  /** Settles only what this process left, an identity as written. */
  readonly only?: string | undefined
}

/**
 * Settles and removes the records of all provably dead processes.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY`, `STORAGE_FAILED`
 */
export function settleDead(home: Home, { deadline, only }: SettleOptions): Settled {
  const store = new RecordStore(home)
  const liveness = new RecordLiveness(home)
  const dead = new DeadRecords(home, store, liveness)
  const own = formatIdentity(ownIdentity())
  const living = new Set<string>()
  let livingRecords = 0
  const { records, settling } = store.list()
  const steps = records
    .filter(({ identityText }) => identityText !== own && (only ?? identityText) === identityText)
    .map((file) => () => {
      if (liveness.of(file) === 'dead') dead.take(file)
      else {
        living.add(file.identityText)
        livingRecords += 1
      }
    })
  if (only === undefined) steps.push(...settling.map((file) => () => dead.takeOver(file)))
  // Starts at a different one each time, and settles at least one, so that short time limits eventually cover all.
  const first = Date.now() % Math.max(1, steps.length)
  const inTurn = [...steps.slice(first), ...steps.slice(0, first)]
  for (const [index, step] of inTurn.entries()) if (index === 0 || monotonicMs() < deadline) step()
  const removed = dead.settle()
  return { removed, living, hasMore: removed.length + livingRecords < steps.length }
}
