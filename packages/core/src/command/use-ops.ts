import type { Coordinator } from '@cli-ops/shared-ipc'

import { loadKit } from './lazy.js'

/**
 * Returns the coordinator of the running CLI, inside any handler. Loads the kit on first use.
 *
 * @throws CliOpsError `UNSUPPORTED` if no plugin is in use
 */
export function useOps(): Coordinator {
  return loadKit().useOps()
}
