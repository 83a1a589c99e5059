import { MAX_TIMER_MS } from './timer-limit.js'

/** A timer that was started. */
export interface ClockTimer {
  /** Whether waiting for it keeps the process alive, as it does at first. */
  ref(): void
  unref(): void
  /** Takes it back; doing it twice does nothing. */
  stop(): void
}

/** The time as events and waits see it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds on a clock that is never set back. */
  monotonicMs(): number
  /** Calls back once after `ms`, after 25 days where that is longer. */
  startTimer(ms: number, callback: () => void): ClockTimer
}

/** Where locks and events live: those of one home and namespace. */
interface Place {
  readonly home: string
  readonly namespace: string
}

/** The real time. It asks the globals at each call, so that a test may have put others there. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  startTimer: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS))
    return {
      ref: () => void timer.ref(),
      unref: () => void timer.unref(),
      stop: () => {
        clearTimeout(timer)
      },
    }
  },
}

/** Clocks that tests have set. */
const clocks = new Map<string, Clock>()

/** The time at a place: the real one, unless a test has set another clock there. */
export function clockAt(place: Place): Clock {
  return clocks.size === 0 ? systemClock : (clocks.get(keyOf(place)) ?? systemClock)
}

/** True where a test has set a clock anywhere, so that it is worth to find out the place. */
export function hasTestClocks(): boolean {
  return clocks.size > 0
}

/** Sets the clock of a place, for a test; returns what takes it away. */
export function setClockAt(place: Place, clock: Clock): () => void {
  clocks.set(keyOf(place), clock)
  return () => {
    clocks.delete(keyOf(place))
  }
}

function keyOf({ home, namespace }: Place): string {
  return JSON.stringify([home, namespace])
}
