import type { TicketName } from './lock-names.js'
import type { ResourcePaths } from './lock-files.js'
import type { LockContext } from './lock-context.js'
import { holdersOf, readLockState } from './lock-state.js'

/** Far longer than a waiter that runs needs to take a lock that has become free. */
export const PATIENCE_MS = 1000

/**
 * Tells whether a waiter has left a lock alone although it was free for long, as one whose thread is blocked does. The lock's
 * directory says when its state changed. Wrong is only unfair: a clock that was set decides who goes first, and nothing else.
 */
export function isIdle(context: LockContext, paths: ResourcePaths, ticket: TicketName): boolean {
  const waitedMs = Number(context.clock.monotonicNs() - ticket.arrival) / 1e6
  return Math.abs(waitedMs) >= PATIENCE_MS && isFreeForLong(context, paths)
}

/** Tells whether nobody has held a lock for longer than any waiter that runs leaves it. */
export function isFreeForLong(context: LockContext, paths: ResourcePaths): boolean {
  const { fileSystem, clock } = context
  const changed = fileSystem.status(paths.lock)?.modifiedMs
  // A moment to come is one of a clock that was set back.
  const isLong = changed === undefined || Math.abs(clock.now() - changed) >= PATIENCE_MS
  // A dead holder may have died just now, which changes nothing in the directory.
  return isLong && holdersOf(readLockState(context, paths)).length === 0
}
