import { assertOptions } from './assert-options.js'
import type { CliOpsOptions } from './cli-ops-options.js'
import { ensureSession } from './current-session.js'
import { type Program, Session } from './session.js'

/** Starts the plugin's part in this process, or returns what a first call has started. */
export function startSession(program: Program, options: CliOpsOptions): Session {
  return ensureSession(() => {
    const session = new Session(program, options)
    session.start()
    return session
  })
}

export { assertOptions }
export { assertLockRule } from './assert-options.js'
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
export { emitAfter } from './emit-after.js'
export { EXIT_BUSY, type Refusal, sayRefusal } from './command-lock.js'
export type { CommandRun } from './command-run.js'
export { currentSession } from './current-session.js'
export type { Program, Session } from './session.js'
export { OPS_COMMANDS, type OpsCommand } from '../ops/ops-commands.js'
export { runWithLock } from './with-lock.js'
