/**
 * The full lifecycle, a file that is loaded for whatever is not a usual command. It is CommonJS because only that loads synchronously on
 * every supported Node.
 */
export { beginInSession } from './begin-in-session.js'
export { emitAfterCommand } from './emit-after-command.js'
export { runWithAnyLock } from './run-with-any-lock.js'
export { takeOver } from './running-session.js'
