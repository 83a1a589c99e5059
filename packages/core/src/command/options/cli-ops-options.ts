import type { ConnectionOptions } from '../../engine/connection-options.js'
import type { RateLimit } from '../../events/rate-limit.js'
import type { LockMode } from '../../locks/contract/lock-types.js'

/**
 * What a plugin is configured with. Every framework takes the same options. The limits of a remote engine are for the person who
 * runs it to say: `CLI_OPS_LEASE_MS`, `CLI_OPS_ENGINE_TIMEOUT_MS`.
 */
export interface CliOpsOptions extends Pick<
  ConnectionOptions,
  'home' | 'namespace' | 'url' | 'disabled'
> {
  /** Name of the CLI. @default its entry in `bin` of the nearest package.json, else the framework's */
  readonly name?: string | undefined
  /** Version of the CLI. @default the framework's, else the package's */
  readonly version?: string | undefined
  /**
   * What is done around commands, by the command's path without the program's name (`'task add'`, or
   * `'task:add'`) or an alias; `''` is the root's own action, `'*'` every command that has no rule of its own. A key that names
   * no command keeps the program's commands from running.
   */
  readonly commands?: Readonly<Record<string, CommandRule>> | undefined
  /** Emit `command:started`, `command:completed` and `command:failed`. @default true */
  readonly lifecycleEvents?: boolean | undefined
  /**
   * How many events of one type a command may emit through `useOps()`, or false for any number; those of the kit are not counted.
   * @default `CLI_OPS_RATE_LIMIT`, else ten a second with a burst of 600
   */
  readonly rateLimit?: false | RateLimit | undefined
  /** Requests answered while the CLI runs, by method. */
  readonly serve?: Readonly<Record<string, ServedRequest>> | undefined
  /** Mount the `ops` commands; a string is their name. @default false */
  readonly ops?: boolean | string | undefined
}

/** Answers one request to a running CLI. */
export type ServedRequest = (data: never, context: never) => unknown

/** What is done around one command, also around one whose code cannot be edited. */
export interface CommandRule {
  /**
   * The lock the command runs under, or a function that chooses it from the arguments. It is acquired before anything of the
   * command runs, and kept until the process ends.
   */
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
  /** How long is waited, in milliseconds, also for one that is joined. @default `CLI_OPS_LOCK_TIMEOUT_MS`, else without limit */
  readonly timeoutMs?: number | undefined
  /**
   * `wait` until the lock is free; `fail` at once with exit code 75; `skip` the command, which counts as done; `join` the one that runs:
   * wait for its end, and end with its exit code without having run; `replace` the one that runs, where its rule says `replace` as well: ask
   * it to end, as SIGTERM does, and run when it has. Neither joining nor replacing goes with `slots` or with sharing.
   * @default 'wait'
   */
  readonly onBusy?: 'wait' | 'fail' | 'skip' | 'join' | 'replace' | undefined
  /**
   * How long `replace` waits for one that it has asked to end, in milliseconds. After that the command is refused with exit code 75, and
   * the one that runs goes on.
   * @default 10000
   */
  readonly graceMs?: number | undefined
  /**
   * Who waits: `all`, in the order of arrival, or the `latest` only. A newer one then takes the place of an older one, which ends with 75 and
   * says so. @default 'all'
   */
  readonly queue?: 'all' | 'latest' | undefined
  /**
   * As many commands at once as there are slots, each with one of its own: a number, or their names. The command finds the one that it
   * has in `CLI_OPS_LOCK_SLOT`. Exclusive mode only.
   */
  readonly slots?: number | readonly string[] | undefined
  /** What the lock is for, shown to others beside the owner: `production`. No secret. */
  readonly label?: string | undefined
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
