import { ownIdentity, type ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'

/**
 * A signal that does nothing to a process which did not ask for it (signal(7): "default action is to ignore the signal"), and that
 * those who ask for it expect without a cause: the Go runtime wakes its own threads with it for the same reason.
 */
const SIGNAL = 'SIGURG'

const listeners = new Set<() => void>()

/** Wakes a process that listens with {@link onNudge}. A hint: it is lost where that has ended, or cannot be reached. */
export function nudge(identity: ProcessIdentity): void {
  const own = ownIdentity()
  // Only Linux says what proves that the pid means the same process here.
  if (own.boot === '' || !sharesPids(identity, own)) return
  try {
    process.kill(identity.pid, SIGNAL)
  } catch {
    // It has ended, or is another user's.
  }
}

/**
 * Calls back whenever this process is nudged, and maybe without a cause. Returns what ends that; `undefined` in a worker thread,
 * which gets no signals, and where nobody can nudge. Keeps no process alive.
 */
export function onNudge(listener: () => void): (() => void) | undefined {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (!isMainThread || ownIdentity().boot === '') return undefined
  // One for all: with a listener each, Node would warn of the eleventh waiter.
  if (listeners.size === 0) process.on(SIGNAL, callAll)
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) process.off(SIGNAL, callAll)
  }
}

function callAll(): void {
  for (const listener of [...listeners]) listener()
}
