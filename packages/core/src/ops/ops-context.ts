import type { Coordinator } from '../coordinator/create-coordinator.js'
import type { Connection } from '../engine/connection-options.js'

/** The input and output of an `ops` command. */
export interface OpsContext {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** How to call the commands here, for remedies that name one: `cli-alpha ops`. */
  readonly program: string
  /** Arguments by position. */
  readonly args: readonly string[]
  /** Options by name. */
  readonly options: Readonly<Record<string, unknown>>
  /** Writes one result: a line of JSON for programs, or text for people. */
  readonly print: (json: unknown, text: string) => void
  /** Aborted when the reader of the output has gone. */
  readonly signal: AbortSignal
}

/** Runs a command; resolves to its exit code. */
export type OpsRun = (context: OpsContext) => Promise<number>
