import { monotonicMs } from '../base/process/monotonic-time.js'
import { currentSession } from './running-session.js'
import type { EventsOf } from './options/cli-ops-options.js'
import { isPromiseLike } from '../base/wait/promise-like.js'

/** {@link emitAfter} of a CLI with the plugin. */
export function emitAfterCommand<T>(
  events: string | EventsOf,
  handler: () => T,
  args: readonly unknown[],
): T {
  const startedAt = monotonicMs()
  const refusals = currentSession()?.refusals
  const emit = (result: unknown): void => {
    // A lock inside the handler was refused, so nothing was done.
    if (currentSession()?.refusals !== refusals) return
    const durationMs = Math.round(monotonicMs() - startedAt)
    currentSession()?.emitOutcome(events, { args, result, durationMs })
  }
  const result = handler()
  if (!isPromiseLike(result)) {
    emit(result)
    return result
  }
  return Promise.resolve(result).then((value) => {
    emit(value)
    return value
  }) as T
}
