import type { ConnectionOptions } from '../options/connection-options.js'
import type { LockMode } from '../locks/lock-types.js'

/**
 * What a plugin is configured with. Every framework takes the same options. The limits of a remote engine are for the person who
 * runs it to say: `CLI_OPS_LEASE_MS`, `CLI_OPS_ENGINE_TIMEOUT_MS`.
 */
export interface CliOpsOptions extends Pick<
  ConnectionOptions,
  'home' | 'namespace' | 'url' | 'disabled'
> {
  /** Name of the CLI. @default the framework's */
  readonly name?: string | undefined
  /** Version of the CLI. @default the framework's */
  readonly version?: string | undefined
  /**
   * What is done around commands, by the command's path without the program's name (`'task add'`, or
   * `'task:add'`); `''` is the root's own action, `'*'` every command that has no rule of its own.
   */
  readonly commands?: Readonly<Record<string, CommandRule>> | undefined
  /** Emit `command:started`, `command:completed` and `command:failed`. @default true */
  readonly lifecycleEvents?: boolean | undefined
  /** Requests answered while the CLI runs, by method. */
  readonly serve?: Readonly<Record<string, ServedRequest>> | undefined
  /** Mount the `ops` commands; a string is their name. @default false */
  readonly ops?: boolean | string | undefined
}

/** Answers one request to a running CLI. */
export type ServedRequest = (data: never, context: never) => unknown

/** What is done around one command, also around one whose code cannot be edited. */
export interface CommandRule {
  /** The lock the command runs under, or a function that chooses it from the arguments. */
  readonly lock?: string | LockRule | ((context: CommandContext) => string | LockRule) | undefined
  /**
   * The event that follows a command which ended well: its type (the data is then what the action returned, where
   * that is an object), or a function that makes the events.
   */
  readonly emits?: string | EventsOf | undefined
}

/** Makes the events that follow a command. */
export type EventsOf = (
  outcome: CommandOutcome,
) => EmittedEvent | readonly EmittedEvent[] | undefined | void

/** A lock around a command. */
export interface LockRule {
  readonly resource: string
  /** @default 'exclusive' */
  readonly mode?: LockMode | undefined
  /** How long `wait` waits, in milliseconds. @default `CLI_OPS_LOCK_TIMEOUT_MS`, else without limit */
  readonly timeoutMs?: number | undefined
  /**
   * `wait` until the lock is free; `fail` at once with exit code 75; `skip` the command, which counts as done.
   * @default 'wait'
   */
  readonly onBusy?: 'wait' | 'fail' | 'skip' | undefined
}

/** What a command was called with. */
export interface CommandContext {
  /** Path of the command, its parts separated by spaces. */
  readonly command: string
  readonly args: readonly unknown[]
  readonly options: Readonly<Record<string, unknown>>
}

/** How a command ended. */
export interface CommandOutcome extends CommandContext {
  /** What the action returned or resolved to. */
  readonly result: unknown
  readonly exitCode: number
  readonly durationMs: number
}

/** An event made from an outcome. */
export interface EmittedEvent {
  readonly type: string
  readonly data: unknown
}
