import { describeClosed, describeOwner } from '../locks/contract/describe-owner.js'
import type { LockInfo, Owner } from '../locks/contract/lock-types.js'
import { jsonLine } from '../base/terminal/json-line.js'

/** What the warnings need to know about a lock. */
export interface WatchedLock extends Pick<LockInfo, 'resource' | 'closedUntil'> {
  readonly holders: readonly WatchedHolder[]
  /** Number of waiters. */
  readonly waiting: number
}

/** A holder, without its grant. */
export interface WatchedHolder {
  readonly owner: Omit<Owner, 'startedAt'>
  readonly label?: string | undefined
  readonly slot?: string | undefined
}

/** One thing about locks that needs a person's attention. */
export interface LockWarning {
  readonly text: string
  /** Absent if it concerns them all. */
  readonly resource?: string
}

/** Returns what is wrong with locks: an engine that grants none, then holders that do not run. */
export function lockWarnings(locks: readonly WatchedLock[]): LockWarning[] {
  return [...closedWarning(locks), ...locks.flatMap(holderWarnings)]
}

/** One cause, one warning. */
function closedWarning(locks: readonly WatchedLock[]): LockWarning[] {
  const closed = locks.filter(({ closedUntil }) => closedUntil !== undefined)
  const latest = Math.max(...closed.map(({ closedUntil }) => Number(closedUntil)))
  if (closed.length === 0 || latest <= Date.now()) return []
  const waiting = closed.reduce((sum, lock) => sum + lock.waiting, 0)
  const [lock, ...others] = closed
  return [
    {
      text: `${describeClosed(new Date(latest))}${queueText(waiting)}`,
      ...(lock !== undefined && others.length === 0 && { resource: lock.resource }),
    },
  ]
}

function holderWarnings({ resource, holders, waiting }: WatchedLock): LockWarning[] {
  return holders
    .filter(({ owner }) => owner.state !== 'running')
    .map(({ owner, label, slot }) => {
      const doubt = owner.state === 'unknown' ? ', which cannot be checked from here' : ''
      const held = `${jsonLine(resource)} is held by ${describeOwner(owner, label, slot)}`
      return { text: held + doubt + queueText(waiting), resource }
    })
}

function queueText(waiting: number): string {
  if (waiting === 0) return ''
  return `, and ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for it`
}
