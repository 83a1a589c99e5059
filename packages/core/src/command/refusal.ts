/** Why a command does not run. */
export interface Refusal {
  /** `skipped` if the rule says so, or after joining a run that ended well: the command then counts as done. */
  readonly reason: 'refused' | 'skipped'
  /** A `CliOpsError`, or a `TypeError` if the rule itself is wrong. */
  readonly error: Error
}

/** How to report a refusal. */
export interface RefusalReport {
  /** The framework promises JSON on stdout. */
  readonly json?: boolean | undefined
}
