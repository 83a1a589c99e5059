/** What a running command needs, in its own file: `lazy.ts` loads it with the first command. */
export { emitAfter, runWithLock } from '@cli-ops/shared-ipc/command'
export { enterAction, enterExecutable, enterWithoutAction } from './enter-command.js'
