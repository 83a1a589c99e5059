import { lockJson, lockTable } from './lock-report.js'
import type { OpsRun } from './ops-context.js'

/** `locks`: who holds what, and who waits for it. */
export const listLocks: OpsRun = async ({ coordinator, print }) => {
  const locks = await coordinator.locks.list()
  print(locks.map(lockJson), lockTable(locks))
  return 0
}
