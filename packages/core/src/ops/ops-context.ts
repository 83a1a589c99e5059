import type { Coordinator } from '../coordinator/create-coordinator.js'
import type { Connection } from '../options/connection-options.js'

/** What an `ops` command works with. */
export interface OpsContext {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** Arguments by position. */
  readonly args: readonly string[]
  /** Options by name. */
  readonly options: Readonly<Record<string, unknown>>
  /** Writes one result: as a line of JSON for programs, else as text for people. */
  readonly print: (json: unknown, text: string) => void
  /** Aborted when the person ends a command that goes on. */
  readonly signal: AbortSignal
}

/** Runs a command; resolves to its exit code. */
export type OpsRun = (context: OpsContext) => Promise<number>
