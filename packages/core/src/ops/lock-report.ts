import { describeOwner } from '../locks/describe-owner.js'
import type { LockInfo } from '../locks/lock-types.js'
import { textAge } from './age.js'
import { textTable } from './text-table.js'

/** A lock as JSON: tokens exceed what JSON numbers hold, so they are strings. */
export function lockJson(info: LockInfo): object {
  return { ...info, token: info.token.toString(), since: info.since.toISOString() }
}

/** Locks as a table: the holder, since when, and who waits in which order. */
export function lockTable(locks: readonly LockInfo[]): string {
  if (locks.length === 0) return 'No lock is held or waited for.'
  return textTable(
    ['RESOURCE', 'MODE', 'HELD FOR', 'HOLDER', 'WAITING', 'ID'],
    locks.map((lock) => {
      const waiting = lock.waiters.map((owner, place) => `${place + 1}. ${describeOwner(owner)}`)
      // Nobody holds it at this moment, and the first in the queue is about to.
      if (lock.id === '') return [lock.resource, '-', '-', '-', waiting, '-']
      return [
        lock.resource,
        lock.mode,
        textAge(lock.since),
        describeOwner(lock.owner),
        waiting.length === 0 ? '-' : waiting,
        lock.id,
      ]
    }),
  )
}
