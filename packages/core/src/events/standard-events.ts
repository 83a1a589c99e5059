/**
 * The events of the kit and its example CLIs, by type. New members can be added; consumers ignore unknown ones.
 *
 * `title` and `name` are optional, because an older emitter, or a test, might set only the id.
 */
export interface StandardEvents {
  /** A key of a watched configuration file changed. Nested keys are joined with dots; `null` means removed. */
  'config:changed': ConfigChanged

  'task:created': TaskCreated
  'task:updated': Updated
  'task:deleted': Reference

  'item:created': ItemCreated
  'item:updated': Updated

  'project:created': ProjectCreated
  'project:archived': Reference

  'command:started': CommandStarted
  'command:completed': CommandEnded
  'command:failed': CommandFailed
  /** A run under a lock has ended; for runs that have joined it with `onBusy: 'join'`. */
  'run:ended': RunEnded

  /** A program under `cli-ops run` has released its lock. This and the following types are part of the lock history and not emitted. */
  'lock:released': LockReleased
  /** A program under `cli-ops run` did not get its lock. */
  'lock:refused': LockRefused
  /** A program under `cli-ops run` has lost its lock. */
  'lock:lost': LockReleased
  /** A program under `cli-ops run --keep-for descendants` has ended, and what it left behind keeps its lock. */
  'lock:kept': LockReleased
  /** The holder of a lock on this machine was killed, or was the last such descendant. */
  'lock:killed': LockReleased
  /** A lock was taken from its holder by force. On an engine this is an emitted event. */
  'lock:forced': LockForced
}

// Type aliases, not interfaces: only aliases are assignable to `Record<string, unknown>`.

/** Data of `config:changed`. */
export type ConfigChanged = { key: string; value: unknown; [extra: string]: unknown }

/** Data of events that name the thing they are about. */
export type Reference = { id: string; [extra: string]: unknown }

/** Data of `task:created`. */
export type TaskCreated = { id: string; title?: string | undefined; [extra: string]: unknown }

/** Data of `item:created`. */
export type ItemCreated = { id: string; name?: string | undefined; [extra: string]: unknown }

/** Data of `project:created`. */
export type ProjectCreated = { id: string; name?: string | undefined; [extra: string]: unknown }

/** Data of `task:updated` and `item:updated`. */
export type Updated = {
  id: string
  changes: { [key: string]: unknown }
  [extra: string]: unknown
}

/** Data of `command:started`. Never contains arguments, which can hold secrets. */
export type CommandStarted = {
  /** Name of the CLI. */
  cli: string
  /** Path of the command without the program's name. */
  command: string
  /** The process that runs it. */
  instance: string
  [extra: string]: unknown
}

/** Data of `command:completed`. */
export type CommandEnded = {
  cli: string
  command: string
  instance: string
  exitCode: number
  durationMs: number
  /** The signal that ended it. */
  signal?: string | undefined
  error?: { name: string; code?: string | undefined; [extra: string]: unknown } | undefined
  /** The lock of its rule, if it has one. */
  lock?: CommandLockFacts | undefined
  [extra: string]: unknown
}

/** What happened to a command's lock, as reported by its last event. */
export type CommandLockFacts = {
  resource: string
  /** Id of the grant; absent if there was none. */
  id?: string | undefined
  /** Its owner's label for what the lock was for. */
  label?: string | undefined
  slot?: string | undefined
  /** How long the wait took, in milliseconds. */
  waitedMs?: number | undefined
  /** How long it was held, in milliseconds. */
  heldMs?: number | undefined
  /** Why there was no grant: `LOCK_HELD` of a command that was skipped, `RUN_JOINED`. */
  code?: string | undefined
  [extra: string]: unknown
}

/** A process that held a lock, wanted it, or took it from another process. */
export type LockParty = {
  name: string
  /** 0 if the pid is unknown. */
  pid: number
  host: string
  user: string
  command?: string | undefined
  [extra: string]: unknown
}

/**
 * Data of `lock:released`, and of `lock:lost` if the holder found that it no longer held the lock. For locks that no command event
 * reports, such as those of `cli-ops run`.
 * Data of `lock:killed`, whose `heldMs` counts until the death was noticed.
 */
export type LockReleased = CommandLockFacts & {
  id: string
  owner: LockParty
  /** The run that replaced it. */
  by?: LockParty | undefined
  /** Exit code of the program under `cli-ops run`; absent if a signal ended it. */
  exitCode?: number | undefined
  /** The signal that ended the program. */
  signal?: string | undefined
}

/** Data of `lock:refused`: the lock was not acquired. */
export type LockRefused = {
  resource: string
  owner: LockParty
  /** `LOCK_TIMEOUT`, `LOCK_HELD`, `LOCK_SUPERSEDED`, … */
  code: string
  label?: string | undefined
  waitedMs?: number | undefined
  /** The command was skipped because its lock was busy, as its rule says. Not a failure. */
  skipped?: boolean | undefined
  /** Exit code of `cli-ops run`. */
  exitCode?: number | undefined
  [extra: string]: unknown
}

/** Data of `lock:forced`: the lock was taken from its holder by force. */
export type LockForced = CommandLockFacts & {
  id: string
  /** Who held it; absent if unknown. */
  owner?: LockParty | undefined
  /** Who took it away. */
  by: LockParty
}

/**
 * Data of `command:failed`. Never contains messages, which can hold secrets. If the process was killed, the first process that noticed
 * stored it: the exit code is `null`, and the duration counts until then.
 */
export type CommandFailed = {
  cli: string
  command: string
  instance: string
  exitCode: number | null
  durationMs: number
  /** The signal that ended it. */
  signal?: string | undefined
  error?: { name: string; code?: string | undefined; [extra: string]: unknown } | undefined
  /** The lock of its rule, if it has one. For a killed process, only what the rule says. */
  lock?: CommandLockFacts | undefined
  [extra: string]: unknown
}

/** Data of `run:ended`. Emitted before the lock is released, if the run's rule says `join`, or if another run has joined it. */
export type RunEnded = {
  /** The locked resource. */
  resource: string
  /** Id of the lock that the run held. */
  lock: string
  exitCode: number
  [extra: string]: unknown
}

/** Names of the standard events. */
export type StandardEventType = keyof StandardEvents
