import { processPart } from './process-state.js'

/**
 * Synchronous clean-up at the end of this process: releasing locks, removing the registry record and the socket. After a crash, or a
 * signal without a listener, the next process cleans up.
 */
type Cleanup = () => void

interface ExitCleanups {
  readonly registered: Set<Cleanup>
  /** The `exit` listener, until a caller takes over when the clean-ups run. */
  listener: Cleanup | undefined
  takenOver: boolean
}

/** Shared, because the command's end runs the clean-ups of every copy of the kit. */
function exitCleanups(): ExitCleanups {
  return processPart('exit-cleanups', () => ({
    registered: new Set<Cleanup>(),
    listener: undefined,
    takenOver: false,
  }))
}

/** Registers a clean-up; the last registered runs first. Returns a function that unregisters it. */
export function atExit(cleanup: Cleanup): () => void {
  const state = exitCleanups()
  state.registered.add(cleanup)
  if (state.listener === undefined && !state.takenOver) {
    state.listener = runExitCleanups
    process.once('exit', runExitCleanups)
  }
  return () => state.registered.delete(cleanup)
}

/** Runs every registered clean-up once, even if others fail. */
export function runExitCleanups(): void {
  const { registered } = exitCleanups()
  for (const cleanup of [...registered].reverse()) {
    registered.delete(cleanup)
    try {
      cleanup()
    } catch {
      // The process is ending; the next process recognises and removes what is left.
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
