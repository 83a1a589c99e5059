/**
 * The full lifecycle, loaded only for commands that are not usual ones. It is CommonJS, which is the only kind that loads synchronously on
 * every supported Node.
 */
export { beginInSession } from './begin-in-session.js'
export { emitAfterCommand } from './emit-after-command.js'
export { runWithAnyLock } from './run-with-any-lock.js'
export { takeOver } from './running-session.js'
