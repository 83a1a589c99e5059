export { parseSince } from './age.js'
export { parseDuration } from './duration.js'
export { say } from '../diagnostics/message.js'
export { assertEventType, assertPattern } from '../events/event-pattern.js'
export { EXIT_BUSY } from '../lifecycle/exit-busy.js'
export { describeOwnProcess } from '../process/own-process.js'
export { jsonLine } from './json-line.js'
export { OPS_COMMANDS, type OpsArgument, type OpsCommand, type OpsOption } from './ops-commands.js'
export type { OpsContext, OpsRun } from './ops-context.js'
export {
  connectionFor,
  type OpsCall,
  type OpsProgram,
  runOps,
  runWithContext,
  sayFailure,
} from './run-ops.js'
