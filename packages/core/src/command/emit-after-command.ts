import { warnOnce } from '../base/terminal/message.js'
import { isDisabledHere } from '../coordinator/disabled-cli.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { currentSession } from './running-session.js'
import type { EventsOf } from './options/cli-ops-options.js'
import { isPromiseLike } from '../base/wait/promise-like.js'

const WITHOUT_PLUGIN =
  'no event after emits(): the plugin is not in use; add cliOps() to the program before it parses'

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
    const session = currentSession()
    if (session !== undefined) session.emitOutcome(events, { args, result, durationMs })
    else if (!isDisabledHere()) warnOnce('no-plugin', WITHOUT_PLUGIN)
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
