import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { pause } from '../../base/wait/pause.js'
import { createLockInfo } from './create-lock-info.js'
import type { LockRequest } from './lock-driver.js'
import type { LockInfo } from './lock-types.js'
import { wantedMode } from './wanted-mode.js'
import { ownOwner } from './own-owner.js'

// An engine that is new, or may have lost its records, grants nothing for a while: an owner that it does not know may still be at work.
// A try fails then with `ENGINE_UNAVAILABLE` and `retryAfterMs`; a wait lasts until it is over.

const LONGEST_PAUSE_MS = 1_000

/** Returns for how long the engine that refused a try grants nothing; `undefined` for any other error. */
export function closedForMs(error: unknown): number | undefined {
  if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) return undefined
  const forMs = error.details?.['retryAfterMs']
  return typeof forMs === 'number' ? forMs : undefined
}

/** Describes a lock of an engine that grants nothing yet, for a waiter. */
export function closedLockInfo(
  {
    resource,
    mode,
    label,
    owner = ownOwner(),
  }: Pick<LockRequest, 'resource' | 'mode' | 'label' | 'owner'>,
  forMs: number,
): LockInfo | null {
  const labelled = label !== undefined && { label }
  const waiter = { owner, since: new Date(), ...labelled, ...wantedMode(mode) }
  const closedUntil = closedFor(forMs)
  return createLockInfo({ resource, mode, holders: [], waiting: () => [waiter], closedUntil })
}

/** Returns until when an engine grants nothing; `undefined` if it does. */
export function closedFor(forMs = 0): Date | undefined {
  return forMs > 0 ? new Date(Date.now() + forMs) : undefined
}

/** Repeats a try for as long as the engine grants nothing. Rejects with the reason of the signal. */
export async function onceOpen<T>(
  work: () => Promise<T>,
  {
    signal,
    onClosed,
  }: { readonly signal: AbortSignal; readonly onClosed: (forMs: number) => void },
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const forMs = closedForMs(error)
      if (forMs === undefined) throw error
      onClosed(forMs)
      await pause(Math.min(LONGEST_PAUSE_MS, forMs), signal)
      signal.throwIfAborted()
    }
  }
}
