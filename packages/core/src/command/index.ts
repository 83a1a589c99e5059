/**
 * The parts of an adapter to a CLI framework. All of it is bundled into the adapter's own file: finding and reading a file
 * costs more than most of its contents.
 */
export { assertSameOptions } from './assert-same-options.js'
export { beginCommand } from './begin-command.js'
export { checkEmits, checkLockRule, checkOptions } from './check-options.js'
export { hasCommandBegun } from './coordination.js'
export { emitAfter } from './emit-after.js'
export { hasLock } from './has-lock.js'
export { hostBlocks } from './host-blocks.js'
export { isOwnCommandLine } from './host/own-command-line.js'
export { isPromiseLike } from '../base/wait/promise-like.js'
export { onThrow } from '../base/errors/on-throw.js'
export { type LoadReason, loadOrRefuse } from './load-or-refuse.js'
export { noteDisabledCli } from '../coordinator/disabled-cli.js'
export { useOps } from './use-ops.js'
export { checkWithLock, runWithLock } from './with-lock.js'
export { PreloadedProgram } from './preload/preloaded-program.js'
export { PROBE_FOLDER, writeProbeReport } from './preload/probe-report.js'
export { OPS_COMMANDS, type OpsCommand } from './ops-commands.js'
export type {
  CliOpsOptions,
  CommandContext,
  CommandOutcome,
  CommandRule,
  EmittedEvent,
  EventsOf,
  LockRule,
  ServedMethod,
  ServedRequest,
} from './options/cli-ops-options.js'
export type { ProgramPreload } from './preload/preloaded-program.js'
export type { ProgramCommand } from './preload/probe-report.js'
export type { Load } from './preload/watch-loads.js'
export type { CommandInProgress, Entry } from './command-in-progress.js'
export type { CommandTree, HostCommand, Program } from './host/host-command.js'
export { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
