import './augmentation.js'
import { addUse } from './add-use.js'

addUse()

export { cliOps, type CommanderHost, type CommanderPlugin } from './cli-ops.js'
export { emits } from './emits.js'
export { opsCommands, type OpsCommandsOptions } from './ops-commands.js'
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
