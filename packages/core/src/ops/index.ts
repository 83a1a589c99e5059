export { OPS_COMMANDS, type OpsArgument, type OpsCommand, type OpsOption } from './ops-commands.js'
export { openOps, type OpsPlace } from './open-ops.js'
export { type OpsCall, runOps } from './run-ops.js'
