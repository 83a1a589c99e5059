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
