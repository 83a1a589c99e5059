import { MAX_TIMER_MS } from './timer-limit.js'

/** A running timer. */
export interface ClockTimer {
  /** With `unref`, controls whether the timer keeps the process alive; it does initially. */
  ref(): void
  unref(): void
  /** Stops the timer. A second call does nothing. */
  stop(): void
}

/** The clock for events and waits. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds on a clock that is never set back. */
  monotonicMs(): number
  /** Calls back once after `ms`, or after 25 days if that is sooner. */
  startTimer(ms: number, callback: () => void): ClockTimer
}

/** The home and namespace of locks and events. */
interface Place {
  readonly home: string
  readonly namespace: string
}

/** The real time. Reads the globals on each call, so that tests can replace them. */
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

/** Clocks set by tests. */
const clocks = new Map<string, Clock>()

/** Returns the clock of a place: the real one, unless a test has set another. */
export function clockAt(place: Place): Clock {
  return clocks.size === 0 ? systemClock : (clocks.get(keyOf(place)) ?? systemClock)
}

/** Returns whether a test has set a clock anywhere, so that it is worth resolving the place. */
export function hasTestClocks(): boolean {
  return clocks.size > 0
}

/** Sets the clock of a place, for a test; returns a function that removes it. */
export function setClockAt(place: Place, clock: Clock): () => void {
  clocks.set(keyOf(place), clock)
  return () => {
    clocks.delete(keyOf(place))
  }
}

function keyOf({ home, namespace }: Place): string {
  return JSON.stringify([home, namespace])
}
