/** What a command runs, as a file of its own: `load-files.ts` loads it when the first one begins. */
export {
  beginCommand,
  emitAfter,
  EXIT_BUSY,
  runWithLock,
  sayRefusal,
} from '@cli-ops/shared-ipc/lifecycle'
