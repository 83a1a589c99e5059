export { OPS_COMMANDS, type OpsArgument, type OpsCommand, type OpsOption } from './ops-commands.js'
export { type OpsCall, runOps } from './run-ops.js'
