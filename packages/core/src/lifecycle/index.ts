/**
 * What an adapter to a CLI framework is made of. Everything here is small: the work is done by the runtime, which is
 * loaded when a command begins.
 */
import type { LockRule } from './cli-ops-options.js'
import type { Refusal } from './command-lock.js'
import { withRuntime } from './with-runtime.js'

/**
 * Runs a handler under a lock and gives its result as it is; when the lock is not to be had, `refuse` stands for the
 * handler.
 */
export function runWithLock<T>(
  rule: string | LockRule,
  handler: () => T,
  refuse: (refusal: Refusal) => T,
): T | Promise<Awaited<T>> {
  return withRuntime<T | Promise<Awaited<T>>>((runtime) =>
    runtime.runWithLock(rule, handler, refuse),
  )
}

/** Says on stderr why the command did not run, and sets the exit code where that is a failure. */
export function sayRefusal(refusal: Refusal): void {
  void withRuntime((runtime) => {
    runtime.sayRefusal(refusal)
  })
}

export { assertEmits, assertLockRule, assertOptions } from './assert-options.js'
export { beginCommand } from './begin-command.js'
export { currentSession } from './current-session.js'
export { emitAfter } from './emit-after.js'
export { EXIT_BUSY } from './exit-busy.js'
export { isPromiseLike } from './promise-like.js'
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
