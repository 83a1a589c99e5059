import type { CliOpsOptions } from './options/cli-ops-options.js'
import { loadParts } from './lazy.js'

/**
 * Throws a `TypeError` if a second plugin on one program was given other options than the first: its rules would not
 * hold. A plugin without options, such as a preload's, adds nothing and is allowed.
 */
export function assertSameOptions(options: CliOpsOptions, others: CliOpsOptions): void {
  if (others === options || Object.keys(others).length === 0) return
  loadParts().assertEqualOptions(options, others)
}
