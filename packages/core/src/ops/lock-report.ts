import { describeOwner } from '../locks/contract/describe-owner.js'
import type { LockInfo, LockWaiter, Owner } from '../locks/contract/lock-types.js'
import { textAge } from '../base/terminal/units.js'
import { textTable } from '../base/terminal/text-table.js'

/** A lock as JSON: tokens exceed what JSON numbers hold, so they are strings. */
export function lockJson(info: LockInfo): object {
  return {
    ...info,
    token: info.token.toString(),
    since: info.since.toISOString(),
    holders: info.holders.map((holder) => ({ ...holder, token: holder.token.toString() })),
  }
}

/** Tells how the process of an owner was called, where that can be known. */
export type CommandLines = (owner: Owner, since: Date) => string | undefined

/** As {@link lockJson}, with the command lines of holders and waiters. */
export function lockJsonWith(info: LockInfo, commandLines: CommandLines): object {
  const tell = <T extends LockWaiter>(entry: T): T & { commandLine?: string } => {
    const commandLine = commandLines(entry.owner, entry.since)
    return commandLine === undefined ? entry : { ...entry, commandLine }
  }
  return lockJson({ ...info, holders: info.holders.map(tell), waiting: info.waiting.map(tell) })
}

/** Locks as a table: all holders, since when, and who waits in which order and for how long. */
export function lockTable(
  locks: readonly LockInfo[],
  commandLines: CommandLines = () => undefined,
): string {
  if (locks.length === 0) return 'No lock is held or waited for.'
  return textTable(
    ['RESOURCE', 'MODE', 'HELD FOR', 'HOLDER', 'WAITING', 'ID'],
    locks.map(({ resource, mode, holders, waiting }) => {
      const called = ({ owner, since }: LockWaiter): string => {
        const line = commandLines(owner, since)
        return line === undefined ? '' : `: ${line}`
      }
      const queue = waiting.map((waiter, index) => {
        const { owner, since, label } = waiter
        return `${index + 1}. ${describeOwner(owner, label)}, for ${textAge(since)}${called(waiter)}`
      })
      // Nobody holds it at this moment, and the first in the queue is about to.
      if (holders.length === 0) return [resource, '-', '-', '-', queue, '-']
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
