import { processPart } from './process-state.js'

/**
 * Synchronous clean-up at the end of this process: releasing locks, removing the registry record and the socket.
 * Whatever a crash or a signal without a listener keeps from running is tidied by the next process that looks.
 */
type Cleanup = () => void

interface ExitCleanups {
  readonly registered: Set<Cleanup>
  /** The `exit` listener, as long as nobody else decides when the clean-ups run. */
  listener: Cleanup | undefined
  takenOver: boolean
}

/** The command's end runs what every copy of the kit has registered. */
function exitCleanups(): ExitCleanups {
  return processPart('exit-cleanups', () => ({
    registered: new Set<Cleanup>(),
    listener: undefined,
    takenOver: false,
  }))
}

/** Registers a clean-up; the last registered runs first. Returns a function that takes it back. */
export function atExit(cleanup: Cleanup): () => void {
  const state = exitCleanups()
  state.registered.add(cleanup)
  if (state.listener === undefined && !state.takenOver) {
    state.listener = runExitCleanups
    process.once('exit', runExitCleanups)
  }
  return () => state.registered.delete(cleanup)
}

/** Runs every registered clean-up once. A failing one does not keep the others from running. */
export function runExitCleanups(): void {
  const { registered } = exitCleanups()
  for (const cleanup of [...registered].reverse()) {
    registered.delete(cleanup)
    try {
      cleanup()
    } catch {
      // The process is ending; what stays behind is recognised as a dead process's.
    }
  }
}

/** Lets the caller decide when the clean-ups run: the command lifecycle does it after its last event. */
export function takeOverExitCleanups(): void {
  const state = exitCleanups()
  state.takenOver = true
  if (state.listener !== undefined) process.removeListener('exit', state.listener)
  state.listener = undefined
}
