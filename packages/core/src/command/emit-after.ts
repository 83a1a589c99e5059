import { isDisabledHere } from '../coordinator/disabled-cli.js'
import { loadFullLifecycle } from './lazy.js'
import { loadOrRefuse } from './load-or-refuse.js'
import type { EventsOf } from './options/cli-ops-options.js'

/**
 * Runs a handler and, if it succeeds, emits the events of its outcome. Without the plugin, or if it is disabled, nothing is
 * emitted. A failing emit is only a warning: the work is already done.
 */
export function emitAfter<T>(
  events: string | EventsOf,
  handler: () => T,
  args: readonly unknown[],
): T {
  if (isDisabledHere()) return handler()
  const full = loadOrRefuse(loadFullLifecycle, { needsLock: false })
  return full === undefined ? handler() : full.emitAfterCommand(events, handler, args)
}
