export { cliOps, type YargsPlugin } from './cli-ops.js'
export { emits } from './emits.js'
export { opsCommand } from './ops-command.js'
export { withLock } from './with-lock.js'
export { CliOpsError, isCliOpsError, useOps } from '@cli-ops/shared-ipc/command'
export type {
  CliOpsOptions,
  CommandContext,
  CommandOutcome,
  CommandRule,
  EmittedEvent,
  LockRule,
} from '@cli-ops/shared-ipc/command'
