import type { Coordinator, StandardEvents } from '@cli-ops/shared-ipc'

import { loadKit } from './lazy.js'

/**
 * Returns the coordinator of the running CLI, inside any handler. Loads the kit on first use.
 *
 * @typeParam Events the data of each event type; the options' `schemas` check it
 * @throws CliOpsError `UNSUPPORTED` if no plugin is in use
 */
export function useOps<Events = StandardEvents>(): Coordinator<Events> {
  return loadKit().useOps<Events>()
}
