import type { LockMode, LockWaiter } from './lock-types.js'

/** Returns what a description of a waiter says about the mode that it wants. */
export function wantedMode(mode: LockMode): Pick<LockWaiter, 'mode'> {
  return mode === 'shared' ? { mode } : {}
}
