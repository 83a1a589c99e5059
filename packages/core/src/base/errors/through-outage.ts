import { isCliOpsError } from './cli-ops-error.js'
import { pause } from '../wait/pause.js'
import { monotonicMs } from '../process/monotonic-time.js'

/** How long to tolerate an engine outage. */
export interface OutageLimits {
  readonly patienceMs: number
  /** Returns whether to make another attempt. @default always */
  readonly isWorthIt?: () => boolean
  /** Pause between two attempts. */
  readonly pauseMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats work that fails with `ENGINE_UNAVAILABLE`, within the limits: a restart of the engine should not end a long wait. Rejects
 * with the last error, any other error, or the reason of the signal.
 */
export async function throughOutage<T>(
  { patienceMs, pauseMs, signal, isWorthIt = () => true }: OutageLimits,
  work: () => Promise<T>,
): Promise<T> {
  const until = monotonicMs() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      const isAway = isCliOpsError(error, 'ENGINE_UNAVAILABLE')
      if (!isAway || monotonicMs() > until || !isWorthIt()) throw error
      await pause(pauseMs, signal)
    }
  }
}
