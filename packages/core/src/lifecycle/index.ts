/**
 * What an adapter to a CLI framework is made of. All of it goes into the adapter's own file, since to find and read a file
 * costs more than most of what is in it.
 */
export { beginCommand } from './begin-command.js'
export { checkEmits, checkLockRule, checkOptions } from './check-options.js'
export { sayRefusal } from './command-lock.js'
export { currentSession } from './current-session.js'
export { emitAfter } from './emit-after.js'
export { EXIT_BUSY } from './exit-busy.js'
export { isPromiseLike } from './promise-like.js'
export { runWithLock } from './with-lock.js'
export { OPS_COMMANDS, type OpsCommand } from '../ops/ops-commands.js'
export type {
  CliOpsOptions,
  CommandContext,
  CommandOutcome,
  CommandRule,
  EmittedEvent,
  EventsOf,
  LockRule,
  ServedRequest,
} from './cli-ops-options.js'
export type { Refusal } from './command-lock.js'
export type { CommandRun } from './command-run.js'
export type { Program } from './session.js'
