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
  /** True if there are records of other processes, dead or alive: one of them can be killed unnoticed. */
  readonly hasOthers: boolean
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
  const { records, settling } = store.list()
  const steps = records
    .filter(({ identityText }) => identityText !== own && (only ?? identityText) === identityText)
    .map((file) => () => {
      if (liveness.of(file) === 'dead') dead.take(file)
    })
  if (only === undefined) steps.push(...settling.map((file) => () => dead.takeOver(file)))
  // Starts at a different one each time, and settles at least one, so that short time limits eventually cover all.
  const first = Date.now() % Math.max(1, steps.length)
  const inTurn = [...steps.slice(first), ...steps.slice(0, first)]
  for (const [index, step] of inTurn.entries()) if (index === 0 || monotonicMs() < deadline) step()
  const removed = dead.settle()
  return { removed, hasOthers: removed.length < steps.length }
}
