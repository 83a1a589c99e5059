import type { Coordinator } from '../coordinator/create-coordinator.js'
import type { OwnRules } from './own-rules.js'
import type { Connection } from '../engine/connection-options.js'

/** The input and output of an `ops` command. */
export interface OpsContext {
  readonly coordinator: Coordinator
  readonly connection: Connection
  /** How to call the commands here, for remedies that name one; see `opsLine()`: `cli-alpha ops`. */
  readonly program: string
  /** The calling CLI and its rules. */
  readonly own?: (OwnRules & { readonly name: string }) | undefined
  /** Arguments by position. */
  readonly args: readonly string[]
  /** Options by name. */
  readonly options: Readonly<Record<string, unknown>>
  /** Writes one result: a line of JSON for programs, or text for people. */
  readonly print: (json: unknown, text: string) => void
  /** Writes a text for people to the terminal, in place of the one it wrote before. */
  readonly replace: (text: string) => void
  /** Aborted when the reader of the output has gone. */
  readonly signal: AbortSignal
}

/** Runs a command; resolves to its exit code. */
export type OpsRun = (context: OpsContext) => Promise<number>
