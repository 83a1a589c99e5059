import type { Coordinator } from '../coordinator/create-coordinator.js'
import type { OwnRules } from './own-rules.js'
import type { Connection } from '../engine/connection-options.js'

/** What an `ops` command works with. */
export interface OpsContext {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** How the commands are called here, for the remedies that name one, as `opsLine()` takes it: `cli-alpha ops`. */
  readonly program: string
  /** The CLI that the command is a part of, and its rules; none for `cli-ops`. */
  readonly own?: (OwnRules & { readonly name: string }) | undefined
  /** Arguments by position. */
  readonly args: readonly string[]
  /** Options by name. */
  readonly options: Readonly<Record<string, unknown>>
  /** Writes one result: as a line of JSON for programs, else as text for people. */
  readonly print: (json: unknown, text: string) => void
  /** Aborted when nobody reads what is printed any more. */
  readonly signal: AbortSignal
}

/** Runs a command; resolves to its exit code. */
export type OpsRun = (context: OpsContext) => Promise<number>
