import { printable } from '../../base/terminal/printable.js'
import { describeDuration } from '../../base/terminal/units.js'
import type { LockInfo, LockWaiter, Owner } from './lock-types.js'

/**
 * Names an owner for people: `cli-beta sync (pid 4242, dev@build-7)`, with `…, stopped)` or `…, unknown)` unless it is known to run,
 * and `(slot a, pid 4242, …)` if it has a slot.
 */
export function describeOwner(
  { name, command, pid, user, host, state, via }: Omit<Owner, 'startedAt'>,
  label?: string,
  slot?: string,
): string {
  const program = describeProgram({ name, command }, label)
  // Some are empty for an owner outside the kit, or one whose record was lost.
  const facts = [
    slot === undefined ? '' : `slot ${slot}`,
    pid > 0 ? `pid ${pid}` : '',
    user !== '' && host !== '' ? `${user}@${host}` : user || host,
    via === undefined ? '' : `access key ${via}`,
    state === 'running' ? '' : state,
  ].filter((fact) => fact !== '')
  return printable(facts.length === 0 ? program : `${program} (${facts.join(', ')})`)
}

/** Like {@link describeOwner}, for a waiter: `…, to share` if it does not want the lock for itself. */
export function describeWaiter(
  owner: Omit<Owner, 'startedAt'>,
  { label, mode }: Pick<LockWaiter, 'label' | 'mode'>,
): string {
  return describeOwner(owner, label) + (mode === 'shared' ? ', to share' : '')
}

/** Describes an owner without its process: `cli-beta sync "eu"`. */
export function describeProgram(
  { name, command }: { readonly name?: string; readonly command?: string | undefined },
  label?: string,
): string {
  return [name, command, label && JSON.stringify(label)].filter(Boolean).join(' ')
}

/** Says why a lock that nobody holds is not granted. */
export function describeClosed(closedUntil: Date): string {
  return `the engine is new, or may have lost its records, and grants no lock for another ${describeRest(closedUntil)}`
}

/** Returns how long an engine still grants nothing; its last second as one. */
export function describeRest(closedUntil: Date): string {
  return describeDuration(Math.max(1000, closedUntil.getTime() - Date.now()))
}

/** Says who blocks a lock: `held for 12 s by cli-beta sync (pid 4242, dev@build-7)`. */
export function describeHolder(info: LockInfo, now: number = Date.now()): string {
  if (info.id === '') return `next in line is ${describeOwner(info.owner, info.waiting[0]?.label)}`
  return `held for ${describeDuration(now - info.since.getTime())} by ${describeHolders(info)}`
}

/** Names the holder that has had a lock longest, and counts the others. */
export function describeHolders({ owner, holders }: LockInfo): string {
  const first = describeOwner(owner, holders[0]?.label, holders[0]?.slot)
  const others = holders.length - 1
  return others > 0 ? `${first} and ${others} ${others === 1 ? 'other' : 'others'}` : first
}
