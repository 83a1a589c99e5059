import type { Coordinator } from '@cli-ops/shared-ipc'

import { loadKit } from './lazy.js'

/**
 * Returns the coordinator of the running CLI, inside any handler. The kit is loaded at the first use.
 *
 * @throws CliOpsError `UNSUPPORTED` where no plugin is in use
 */
export function useOps(): Coordinator {
  return loadKit().useOps()
}
