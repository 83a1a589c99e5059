import { ownIdentity, type ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'
import { setTimeout } from '../wait/own-timers.js'

/**
 * A signal that a process without a handler ignores (signal(7): "default action is to ignore the signal"), and for which handlers
 * expect spurious deliveries. The Go runtime wakes its own threads with it for the same reason.
 */
const SIGNAL = 'SIGURG'

/** A process that waits again and again does not begin to listen each time, which takes more calls than a look. */
const KEEP_LISTENING_MS = 1000

const listeners = new Set<() => void>()
let isListening = false

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
  if (!isListening) process.on(SIGNAL, callAll)
  isListening = true
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) stopLater()
  }
}

let stopping: NodeJS.Timeout | undefined

function stopLater(): void {
  stopping ??= setTimeout(() => {
    stopping = undefined
    if (listeners.size > 0) return
    isListening = false
    process.off(SIGNAL, callAll)
  }, KEEP_LISTENING_MS).unref()
}

function callAll(): void {
  for (const listener of [...listeners]) listener()
}
