/**
 * Synchronous clean-up at the end of this process: releasing locks, removing the registry record and the socket.
 * Whatever a crash or a signal without a listener keeps from running is tidied by the next process that looks.
 */
type Cleanup = () => void

const cleanups = new Set<Cleanup>()
let listening = false
let takenOver = false

/** Registers a clean-up; the last registered runs first. Returns a function that takes it back. */
export function atExit(cleanup: Cleanup): () => void {
  cleanups.add(cleanup)
  if (!listening && !takenOver) {
    listening = true
    process.once('exit', runExitCleanups)
  }
  return () => cleanups.delete(cleanup)
}

/** Runs every registered clean-up once. A failing one does not keep the others from running. */
export function runExitCleanups(): void {
  for (const cleanup of [...cleanups].reverse()) {
    cleanups.delete(cleanup)
    try {
      cleanup()
    } catch {
      // The process is ending; what stays behind is recognised as a dead process's.
    }
  }
}

/** Lets the caller decide when the clean-ups run: the command lifecycle does it after its last event. */
export function takeOverExitCleanups(): void {
  takenOver = true
  if (listening) process.removeListener('exit', runExitCleanups)
  listening = false
}
