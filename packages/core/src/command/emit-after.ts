import { monotonicMs } from '../base/process/monotonic-time.js'
import { currentSession } from './current-session.js'
import type { EventsOf } from './options/cli-ops-options.js'
import { isPromiseLike } from '../base/wait/promise-like.js'

/**
 * Runs a handler and, if it succeeds, emits the events of its outcome. Outside a CLI with the plugin, nothing is
 * emitted. A failing emit is only a warning: the work is already done.
 */
export function emitAfter<T>(
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
