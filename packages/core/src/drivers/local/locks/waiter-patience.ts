import type { TicketName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { holdersOf, readLockState } from './lock-state.js'

/** Far longer than a running waiter needs to take a lock that has become free. */
export const PATIENCE_MS = 1000

/**
 * Returns whether a waiter has not taken a lock that was free for long, as a blocked waiter does not. The lock's directory
 * records when its state changed. A wrong answer is only unfair: after a clock change, it decides who goes first, and nothing
 * else.
 */
export function isIdle(context: LockContext, paths: ResourcePaths, ticket: TicketName): boolean {
  const waitedMs = Number(context.clock.monotonicNs() - ticket.arrival) / 1e6
  return Math.abs(waitedMs) >= PATIENCE_MS && isFreeForLong(context, paths)
}

/** Returns whether the lock has been free for longer than any running waiter would leave it. */
export function isFreeForLong(context: LockContext, paths: ResourcePaths): boolean {
  const { fileSystem, clock } = context
  const changed = fileSystem.status(paths.lock)?.modifiedMs
  // A time in the future means that the clock was set back.
  const isLong = changed === undefined || Math.abs(clock.now() - changed) >= PATIENCE_MS
  // A dead holder can have died just now, which changes nothing in the directory.
  return isLong && holdersOf(readLockState(context, paths)).length === 0
}
