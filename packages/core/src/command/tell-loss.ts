import { say } from '../base/terminal/message.js'
import { runningCli } from '../coordinator/running-cli.js'
import { type ConnectionOptions, resolveConnection } from '../engine/connection-options.js'
import { describeOwner } from '../locks/contract/describe-owner.js'
import type { LockParty } from '../events/standard-events.js'
import { keptLockEvents } from './kept-lock-events.js'

/** Reports that a lock was lost before its release and, if the lock history knows, who took it. */
export function tellLoss({
  resource,
  id,
}: {
  readonly resource: string
  readonly id: string
}): void {
  const by = takerOf(runningCli()?.connection ?? {}, id)
  const who = by === undefined ? '' : ` by ${describeParty(by)}`
  say(`lost the lock on ${JSON.stringify(resource)} while it ran: it was taken away${who}`)
}

/** Returns who took the grant with this id from its holder, as far as this machine knows. */
export function takerOf(options: ConnectionOptions, id: string): LockParty | undefined {
  const forced = keptLockEvents(resolveConnection(options)).findLast(
    ({ type, data }) => type === 'lock:forced' && (data as { readonly id?: unknown }).id === id,
  )
  return (forced?.data as { readonly by?: LockParty } | undefined)?.by
}

/** Like `describeOwner`, for a process that might have ended since. */
export function describeParty(party: LockParty, label?: string, slot?: string): string {
  const { name, pid, host, user, command } = party
  const known = { name, pid, host, user, state: 'running' } as const
  return describeOwner(command === undefined ? known : { ...known, command }, label, slot)
}
