import { blockFor } from '../../../base/wait/block-for.js'
import { clearTimeout, setTimeout } from '../../../base/wait/own-timers.js'

/** Time as the lock protocol sees it; tests that try every interleaving substitute their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Nanoseconds on a clock that all processes of one boot share and that never goes back. */
  monotonicNs(): bigint
  /**
   * Calls back once after `ms`; returns a function that cancels it. Only a persistent timer keeps the process alive.
   */
  startTimer(
    ms: number,
    callback: () => void,
    options: { readonly persistent: boolean },
  ): () => void
  /** Blocks the thread. */
  sleep(ms: number): void
}

/** The system's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNs: () => process.hrtime.bigint(),
  startTimer: (ms, callback, { persistent }) => {
    const timer = setTimeout(callback, ms)
    if (!persistent) timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
  sleep: blockFor,
}
