import { isCliOpsError } from './cli-ops-error.js'
import { pause } from '../wait/pause.js'
import { monotonicMs } from '../process/monotonic-time.js'

/** How long an engine that is away is borne. */
export interface OutageLimits {
  readonly patienceMs: number
  /** Whether it is worth another attempt. @default always */
  readonly isWorthIt?: () => boolean
  /** Between two attempts. */
  readonly pauseMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Does work again that has failed with `ENGINE_UNAVAILABLE`, as long as there is patience: who has waited for long should not be sent away by
 * a restart. Rejects with the last error, any other one, or the reason of the signal.
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
