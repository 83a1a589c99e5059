import { type CliOpsOptions, type LoadReason, loadOrRefuse } from '@cli-ops/shared-ipc/command'

import { loadLifecycle } from './lazy.js'
import type * as Lifecycle from './lifecycle.js'

/** Returns true if the program or its user has disabled the plugin. */
export function isDisabled({ disabled }: CliOpsOptions): boolean {
  const { CLI_OPS_DISABLED: off } = process.env
  return disabled ?? (off === '1' || off === 'true')
}

/** Loads the lifecycle, as far as it can be loaded. */
export function lifecycleFor(reason: LoadReason): typeof Lifecycle | undefined {
  return loadOrRefuse(loadLifecycle, reason)
}
