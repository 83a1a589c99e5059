import { ownIdentity, type ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'

/**
 * A signal that a process without a handler ignores (signal(7): "default action is to ignore the signal"), and for which handlers
 * expect spurious deliveries. The Go runtime wakes its own threads with it for the same reason.
 */
const SIGNAL = 'SIGURG'

const listeners = new Set<() => void>()

/** Wakes a process that listens with {@link onNudge}. A hint, lost if the process has ended or cannot be reached. */
export function nudge(identity: ProcessIdentity): void {
  const own = ownIdentity()
  // Only Linux provides proof that the pid means the same process here.
  if (own.boot === '' || !sharesPids(identity, own)) return
  try {
    process.kill(identity.pid, SIGNAL)
  } catch {
    // It has ended, or is another user's.
  }
}

/**
 * Calls back whenever this process is nudged, sometimes spuriously. Returns a function that stops it; `undefined` in a worker thread,
 * which gets no signals, and where nudges are impossible. Keeps no process alive.
 */
export function onNudge(listener: () => void): (() => void) | undefined {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (!isMainThread || ownIdentity().boot === '') return undefined
  // One listener for all: with one each, Node would warn at the eleventh waiter.
  if (listeners.size === 0) process.on(SIGNAL, callAll)
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) process.off(SIGNAL, callAll)
  }
}

function callAll(): void {
  for (const listener of [...listeners]) listener()
}
