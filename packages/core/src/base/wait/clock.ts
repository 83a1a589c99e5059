import * as own from './own-timers.js'
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

/** The real time, for the times that callers set. A test's fake timers replace it: each call looks for them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  startTimer: (ms, callback) => {
    const { setTimeout, clearTimeout } = areTimersFaked() ? globalThis : own
    const timer = setTimeout(callback, Math.min(ms, MAX_TIMER_MS)) as Partial<NodeJS.Timeout>
    return {
      // Fake ones may be numbers, and keep no process alive.
      ref: () => void timer.ref?.(),
      unref: () => void timer.unref?.(),
      stop: () => {
        clearTimeout(timer as NodeJS.Timeout)
      },
    }
  },
}

/**
 * Returns whether a test has stopped the time. Other replacements measure the real time, and need not be used: jsdom's timers are
 * numbers, which would keep the process alive.
 */
function areTimersFaked(): boolean {
  const { setTimeout } = globalThis
  return (
    'clock' in setTimeout || // @sinonjs/fake-timers, and with it jest and vitest
    '_isMockFunction' in setTimeout || // jest's legacy ones
    process.getBuiltinModule('node:timers').setTimeout !== own.setTimeout // node:test replaces those as well
  )
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
