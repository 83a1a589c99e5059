/**
 * The part of the lifecycle that is loaded when a command begins, and not before: help, version and usage errors do
 * without it. It is one CommonJS file, because only that can be loaded synchronously on every supported Node.
 */
export { sayRefusal } from './command-lock.js'
export { startSession } from './start-session.js'
export { runWithLock } from './with-lock.js'
