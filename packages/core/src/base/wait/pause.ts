import { waitUnlessAborted } from './abort-signal.js'
import { type Clock, systemClock } from './clock.js'

/** Options of a pause. */
export interface PauseOptions {
  /** Whether the pause keeps the process alive. @default true */
  readonly keepsAlive?: boolean
  /** @default the real time */
  readonly clock?: Clock
}

/** Waits for a time, or until the signal is aborted. */
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
