import { waitUnlessAborted } from './abort-signal.js'
import { type Clock, systemClock } from './clock.js'

/** What a pause does to the process, and whose time it takes. */
export interface PauseOptions {
  /** Whether the process lives on for the pause alone. @default true */
  readonly keepsAlive?: boolean
  /** @default the real time */
  readonly clock?: Clock
}

/** Waits, or until the signal is aborted. */
export function pause(
  ms: number,
  signal?: AbortSignal,
  { keepsAlive = true, clock = systemClock }: PauseOptions = {},
): Promise<void> {
  return waitUnlessAborted(signal, (done) => {
    const timer = clock.startTimer(ms, done)
    if (!keepsAlive) timer.unref()
    return () => {
      timer.stop()
    }
  }).catch(() => undefined)
}
