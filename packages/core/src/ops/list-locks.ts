import { assertName } from '../base/names/assert-name.js'
import { commandLineOf } from './command-line.js'
import { freeText } from './free-lock.js'
import { lockJsonWith, lockTable } from './lock-report.js'
import type { OpsRun } from './ops-context.js'

/** `locks [resource]`: shows the holders and waiters of locks; on this machine, their command lines too. */
export const listLocks: OpsRun = async (context) => {
  const { coordinator, connection, args, print } = context
  const [resource] = args
  if (resource !== undefined) assertName('resource', resource)
  const locks =
    resource === undefined
      ? await coordinator.locks.list()
      : [(await coordinator.locks.inspect(resource)) ?? []].flat()
  const isHere = connection.urlOf('locks') === 'local:'
  const commandLines = isHere ? commandLineOf : () => undefined
  print(
    locks.map((info) => lockJsonWith(info, commandLines)),
    resource !== undefined && locks.length === 0
      ? await freeText(context, resource)
      : lockTable(locks, commandLines),
  )
  return 0
}
