/** Why a command does not run. */
export interface Refusal {
  /** `skipped` where the rule says so, or where a run was joined that ended well: the command then counts as done. */
  readonly reason: 'refused' | 'skipped'
  /** A `CliOpsError`, or a `TypeError` where the rule itself is wrong. */
  readonly error: Error
}

/** How a refusal is told. */
export interface RefusalReport {
  /** The framework promises JSON on stdout. */
  readonly json?: boolean | undefined
}
