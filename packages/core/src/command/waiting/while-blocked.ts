import { withDefaultSignals } from './default-signals.js'
import { lookUnlessInterrupted } from './look-unless-interrupted.js'

/** Of no account: the wait sleeps by itself, and is over after one look. */
const NEVER_MS = 0

/**
 * Waits, blocking the thread. A process that listens to Ctrl-C hears it wherever the wait is, from the moment others see it
 * wait; the wait is cut off there, in the middle of a step maybe, which leaves what `kill -9` leaves, and the process ends.
 */
export function whileBlocked<T>(wait: () => T): T {
  const isHeard = process.listenerCount('SIGINT') > 0
  return withDefaultSignals((deliver) => {
    if (!isHeard) return wait()
    const results: T[] = []
    const look = (): boolean => results.push(wait()) > 0
    while (!lookUnlessInterrupted(NEVER_MS, look)) deliver('SIGINT')
    return results[0] as T
  })
}
