export { onAbort } from '../base/wait/abort-signal.js'
export { pause } from '../base/wait/pause.js'
export { withinTime } from '../base/wait/race.js'
export { jsonLine } from '../base/terminal/json-line.js'
export { say } from '../base/terminal/message.js'
export { parseDuration } from '../base/terminal/parse-duration.js'
export { parseSince } from '../base/terminal/parse-since.js'
export { printable } from '../base/terminal/printable.js'
export {
  createStyle,
  hasColour,
  PLAIN_STYLE,
  type Style,
  type StyleName,
} from '../base/terminal/style.js'
export { textTable } from '../base/terminal/text-table.js'
export { hangingLines, terminalWidth } from '../base/terminal/wrap-text.js'
export { cutText } from '../base/terminal/cut-text.js'
export { fitText, widthOf } from '../base/terminal/text-width.js'
export {
  clockText,
  describeDuration,
  durationText,
  sizeText,
  spanText,
  textAge,
} from '../base/terminal/units.js'
export {
  describeClosed,
  describeProgram,
  describeWaiter,
} from '../locks/contract/describe-owner.js'
export { lockWarnings, type WatchedLock } from './lock-warnings.js'
export { describeHung } from './describe-hung.js'
export { describeConnection } from './describe-connection.js'
export { type DiskUse, diskUse, LOW_DISK_BYTES } from './disk-use.js'
export { driverMissing } from '../engine/driver-missing.js'
export { readTlsFiles } from '../drivers/engine-secrets.js'
export { assertName, describe } from '../base/names/assert-name.js'
export { definite } from '../base/validation/definite.js'
export { closestName } from '../base/names/closest-name.js'
export { homeConfigPath } from '../engine/home-config-file.js'
export { assertHomeConfig, type HomeConfig } from '../command/options/home-config.js'
export { type PackageBin, packageBinOf } from '../command/host/cli-name.js'
export {
  PROBE_FOLDER,
  type ProbeReport,
  type ProgramCommand,
} from '../command/preload/probe-report.js'
export { goneParts } from './attached-parts.js'
export { keptEvents } from './kept-events.js'
export { type CommandRules, lastHeld, type LastRuns, seenCommands } from './rule-history.js'
export { assertEventType, assertPattern } from '../events/event-pattern.js'
export { describeOwnProcess } from '../base/process/own-process.js'
export { listProcesses, type ListedProcess } from '../base/process/list-processes.js'
export { processCreatedAt } from '../base/process/process-created-at.js'
export {
  OPS_COMMANDS,
  type OpsArgument,
  type OpsCommand,
  type OpsOption,
} from '../command/ops-commands.js'
export { instanceWord, type WaitingFor, waitingFor } from './instance-word.js'
export { type LockUse, unregistered, useWord } from './unregistered.js'
export type { LockTurn, TurnOutcome, TurnParty } from './lock-turns.js'
export { parkedGroups, parkedSummary } from './parked-events.js'
export { openOps, type OpsHandle } from './open-ops.js'
export type { OpsContext, OpsRun } from './ops-context.js'
export { opsLine } from './ops-line.js'
export type { OwnRules } from './own-rules.js'
export { preparePrivateFolder } from './private-folder.js'
export { readRequestReport } from './request-report.js'
export { type OpsCall, type OpsProgram, runOps, runWithContext, sayFailure } from './run-ops.js'
