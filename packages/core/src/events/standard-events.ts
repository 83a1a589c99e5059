/**
 * The events that the kit and its example CLIs know, by type. Members may be added; a consumer ignores those it does not know.
 *
 * `title` and `name` may be missing, because an older emitter, or a test, may give only the id.
 */
export interface StandardEvents {
  /** A key of a watched configuration file changed; nested keys are joined with dots, `null` stands for removed. */
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
  /** What ran under a lock is over, for those who have joined it: `onBusy: 'join'`. */
  'run:ended': RunEnded

  /** A program under `cli-ops run` has given its lock back. Of the history of locks, and not emitted, as those that follow. */
  'lock:released': LockReleased
  /** A program under `cli-ops run` was not given its lock. */
  'lock:refused': LockRefused
  /** A program under `cli-ops run` has lost its lock. */
  'lock:lost': LockReleased
  /** The holder of a lock on this machine was killed. */
  'lock:killed': LockReleased
  /** Somebody took a lock from its holder. On an engine it is an event. */
  'lock:forced': LockForced
}

// Type aliases, not interfaces: only those may stand where `Record<string, unknown>` is asked for.

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

/** Data of `command:started`. Never arguments, which may hold secrets. */
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
  /** The lock of its rule, where it has one. */
  lock?: CommandLockFacts | undefined
  [extra: string]: unknown
}

/** What became of a command's lock, as its last event reports. */
export type CommandLockFacts = {
  resource: string
  /** Id of the grant; absent where there was none. */
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

/** A process that held a lock, wanted it, or took it from another one. */
export type LockParty = {
  name: string
  /** 0 where no pid is known. */
  pid: number
  host: string
  user: string
  command?: string | undefined
  [extra: string]: unknown
}

/**
 * Data of `lock:released`, and of `lock:lost`, where the holder found that it held the lock no longer: what no command's own event tells, as of
 * `cli-ops run`. Data of `lock:killed`, whose `heldMs` counts until the death was noticed.
 */
export type LockReleased = CommandLockFacts & {
  id: string
  owner: LockParty
  /** The run that replaced it. */
  by?: LockParty | undefined
}

/** Data of `lock:refused`: the lock was not acquired. */
export type LockRefused = {
  resource: string
  owner: LockParty
  /** `LOCK_TIMEOUT`, `LOCK_HELD`, `LOCK_SUPERSEDED`, … */
  code: string
  label?: string | undefined
  waitedMs?: number | undefined
  /** The rule says to skip what does not get its lock, so this is no failure. */
  skipped?: boolean | undefined
  [extra: string]: unknown
}

/** Data of `lock:forced`: somebody took the lock from its holder. */
export type LockForced = CommandLockFacts & {
  id: string
  /** Who held it; absent where that was not known. */
  owner?: LockParty | undefined
  /** Who took it away. */
  by: LockParty
}

/**
 * Data of `command:failed`. Never messages, which may hold secrets. If the process was killed, the first process that noticed stored
 * it: the exit code is `null`, and the duration counts until then.
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
  /** The lock of its rule, where it has one. Of a process that was killed only what the rule says. */
  lock?: CommandLockFacts | undefined
  [extra: string]: unknown
}

/** Data of `run:ended`. Emitted before the lock is given back, where the rule of the run says `join`. */
export type RunEnded = {
  /** What the lock is on. */
  resource: string
  /** Id of the lock that it ran under. */
  lock: string
  exitCode: number
  [extra: string]: unknown
}

/** Names of the standard events. */
export type StandardEventType = keyof StandardEvents
