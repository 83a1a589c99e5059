import type { CliOpsOptions } from './options/cli-ops-options.js'
import { loadParts } from './lazy.js'

/**
 * Throws a `TypeError` where a second plugin on one program was given other options than the first: its rules would not
 * hold. One without options, such as a preload's, adds nothing and is fine.
 */
export function assertSameOptions(options: CliOpsOptions, others: CliOpsOptions): void {
  if (others === options || Object.keys(others).length === 0) return
  loadParts().assertEqualOptions(options, others)
}
