export { withLock } from './with-lock.js'
export type {
  CliOpsOptions,
  CommandContext,
  CommandOutcome,
  CommandRule,
  EmittedEvent,
  LockRule,
} from '@cli-ops/shared-ipc/lifecycle'
