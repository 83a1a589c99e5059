/** What a command runs, as a file of its own: `lazy.ts` loads it when the first one begins. */
export { emitAfter, runWithLock } from '@cli-ops/shared-ipc/command'
export { enterAction, enterExecutable, enterWithoutAction } from './enter-command.js'
