import type { ConnectionOptions } from '../../engine/connection-options.js'
import type { RateLimit } from '../../events/rate-limit.js'
import type { EventBusOptions } from '../../events/event-options.js'
import type { HandlerSchemas } from '../../rpc/request-handler.js'
import type { LockMode } from '../../locks/contract/lock-types.js'

/**
 * Options of a plugin, the same for every framework. The limits of a remote engine belong to its operator:
 * `CLI_OPS_LEASE_MS`, `CLI_OPS_ENGINE_TIMEOUT_MS`.
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
   * Command rules, by the command's path without the program's name (`'task add'`, or `'task:add'`) or by an alias; `''` is the
   * root's own action, `'*'` every command without its own rule. If a key names no command, the program's commands do not run.
   */
  readonly commands?: Readonly<Record<string, CommandRule>> | undefined
  /** Emit `command:started`, `command:completed` and `command:failed`. @default true */
  readonly lifecycleEvents?: boolean | undefined
  /**
   * How many events of one type a command can emit through `useOps()`, or false for no limit; the kit's own events do not count.
   * @default `CLI_OPS_RATE_LIMIT`, else ten a second with a burst of 600
   */
  readonly rateLimit?: false | RateLimit | undefined
  /**
   * Schemas of events, by type: any Standard Schema (zod, valibot, arktype, …). They check what `useOps().events` emits and receives,
   * and what `emits` makes; its schemas have to be synchronous.
   */
  readonly schemas?: EventBusOptions['schemas']
  /** Requests answered while the CLI runs, by method; with schemas, only those that match. */
  readonly serve?: Readonly<Record<string, ServedRequest | ServedMethod>> | undefined
  /** commander: mount the `ops` commands; a string is their name. For yargs see `opsCommand()`; oclif has them anyway. @default false */
  readonly ops?: boolean | string | undefined
}

/** Answers one request to a running CLI. */
export type ServedRequest = (data: never, context: never) => unknown

/** A {@link ServedRequest} with schemas: any Standard Schema (zod, valibot, arktype, …). */
export interface ServedMethod extends HandlerSchemas {
  readonly handler: ServedRequest
}

/** What happens around one command, even one whose code cannot be edited. */
export interface CommandRule {
  /**
   * The lock the command runs under, or a function that chooses it from the arguments. It is acquired before any part of the command
   * runs, and kept until the process ends.
   */
  readonly lock?: string | LockRule | ((context: CommandContext) => string | LockRule) | undefined
  /**
   * The event to emit after a successful command: its type (the data is then the action's result, if that is an object), or a
   * function that makes the events.
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
  /**
   * How long to wait, in milliseconds, including for a joined run. @default `CLI_OPS_LOCK_TIMEOUT_MS`, else without
   * limit
   */
  readonly timeoutMs?: number | undefined
  /**
   * `wait` until the lock is free; `fail` immediately with exit code 75; `skip` the command, which counts as done; `join` the
   * running command: wait for it and exit with its exit code, without running; `replace` the running command if its rule says
   * `replace` too: send it SIGTERM, and run when it has ended. `join` and `replace` cannot be combined with `slots` or shared mode.
   * @default 'wait'
   */
  readonly onBusy?: 'wait' | 'fail' | 'skip' | 'join' | 'replace' | undefined
  /**
   * How long `replace` waits for the command it asked to end, in milliseconds. After that it gives up with exit code 75, and the
   * running command continues.
   * @default 10000
   */
  readonly graceMs?: number | undefined
  /**
   * Who waits: `all`, in order of arrival, or only the `latest`. A newer command then replaces an older waiting one, which exits
   * with 75 and says so. @default 'all'
   */
  readonly queue?: 'all' | 'latest' | undefined
  /**
   * How many commands can run at once, each in its own slot: a number, or the names of the slots. The command finds its slot in
   * `CLI_OPS_LOCK_SLOT`. Exclusive mode only.
   */
  readonly slots?: number | readonly string[] | undefined
  /** What the lock is for, shown beside the owner: `production`. Not for secrets. */
  readonly label?: string | undefined
}

/** A command's call. */
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

/** An event made from a command's outcome. */
export interface EmittedEvent {
  readonly type: string
  readonly data: unknown
}
