/**
 * What a program that wraps another one needs: `cli-ops run`. It loads at every start, so it contains only what taking a free local
 * lock needs, and loads the rest of the kit on demand.
 */
import type * as RunNotes from './note-run.js'

export { say } from '../base/terminal/message.js'
export { printable } from '../base/terminal/printable.js'
export { openOwnerSocket, type OwnerSocket } from './owner-socket.js'
export { isCliOpsError } from '../base/errors/cli-ops-error.js'
export { assertEventType } from '../events/event-pattern.js'
export { assertLabel } from '../locks/assert-lock-options.js'
export { assertSlots, type Slots } from '../locks/slots/slot-set.js'
export type { Lock, Owner } from '../locks/contract/lock-types.js'
export { outerLocks } from '../locks/contract/outer-locks.js'
export { timeoutFromEnvironment } from '../locks/lock-wait.js'
export { assertName } from '../base/names/assert-name.js'
export { closestName } from '../base/names/closest-name.js'
export { urlVariables } from '../engine/connection-options.js'
export { nameSetting } from '../base/process/setting-name.js'
export { parseDuration } from '../base/terminal/parse-duration.js'
export { describeOwnProcess } from '../base/process/own-process.js'
export {
  configuredConnection,
  type ConfiguredConnection,
} from '../command/options/configured-connection.js'
export type { LockRunFacts } from './note-run.js'
export { EXIT_BUSY, EXIT_LOST } from '../base/errors/exit-codes.js'
export { exitCodeOf } from '../command/host/exit-code-of.js'
export { isJoinedHere } from '../command/is-joined-here.js'
export { type LockOwners, tryLockNow } from '../command/try-lock-now.js'

/** Loads the recorder of a run's lock history, while the program runs. */
export const loadRunNotes = (): Promise<typeof RunNotes> => import('./note-run.js')
