import { commandLineOf } from './command-line.js'
import { lockJsonWith, lockTable } from './lock-report.js'
import type { OpsRun } from './ops-context.js'

/** `locks`: who holds what, and who waits for it; on this machine also how they were called. */
export const listLocks: OpsRun = async ({ coordinator, connection, print }) => {
  const locks = await coordinator.locks.list()
  const isHere = connection.urlOf('locks') === 'local:'
  const commandLines = isHere ? commandLineOf : () => undefined
  print(
    locks.map((info) => lockJsonWith(info, commandLines)),
    lockTable(locks, commandLines),
  )
  return 0
}
