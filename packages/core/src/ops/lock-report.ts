import { describeOwner, describeRest, describeWaiter } from '../locks/contract/describe-owner.js'
import type { LockInfo, LockWaiter, Owner } from '../locks/contract/lock-types.js'
import { textAge } from '../base/terminal/units.js'
import { textTable } from '../base/terminal/text-table.js'

/** Returns a lock as JSON. Tokens exceed the range of JSON numbers, so they are strings. */
export function lockJson(info: LockInfo): object {
  return {
    ...info,
    token: info.token.toString(),
    since: info.since.toISOString(),
    holders: info.holders.map((holder) => ({ ...holder, token: holder.token.toString() })),
  }
}

/** Returns the command line of an owner's process, if it can be known. */
export type CommandLines = (owner: Owner, since: Date) => string | undefined

/** Like {@link lockJson}, with the command lines of holders and waiters. */
export function lockJsonWith(info: LockInfo, commandLines: CommandLines): object {
  const tell = <T extends LockWaiter>(entry: T): T & { commandLine?: string } => {
    const commandLine = commandLines(entry.owner, entry.since)
    return commandLine === undefined ? entry : { ...entry, commandLine }
  }
  return lockJson({ ...info, holders: info.holders.map(tell), waiting: info.waiting.map(tell) })
}

/** Returns locks as a table: all holders and waiters, in order, with their times. */
export function lockTable(
  locks: readonly LockInfo[],
  commandLines: CommandLines = () => undefined,
): string {
  if (locks.length === 0) return 'No lock is held or waited for.'
  return textTable(
    ['RESOURCE', 'MODE', 'HELD FOR', 'HOLDER', 'WAITING', 'ID'],
    locks.map(({ resource, mode, holders, waiting, closedUntil }) => {
      const called = ({ owner, since }: LockWaiter): string => {
        const line = commandLines(owner, since)
        return line === undefined ? '' : `: ${line}`
      }
      const queue = waiting.map((waiter, index) => {
        const { owner, since } = waiter
        return `${index + 1}. ${describeWaiter(owner, waiter)}, for ${textAge(since)}${called(waiter)}`
      })
      // No process holds it right now; the first in the queue is about to.
      if (holders.length === 0) {
        const held =
          closedUntil === undefined ? '-' : `not granted for another ${describeRest(closedUntil)}`
        return [resource, '-', '-', held, queue, '-']
      }
      return [
        resource,
        mode,
        holders.map(({ since }) => textAge(since)),
        holders.map(
          (holder) => describeOwner(holder.owner, holder.label, holder.slot) + called(holder),
        ),
        queue.length === 0 ? '-' : queue,
        holders.map(({ id }) => id),
      ]
    }),
  )
}
