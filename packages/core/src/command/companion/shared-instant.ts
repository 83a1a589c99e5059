import type { SharedInstant } from './messages.js'

/** The instant that is so many milliseconds from now, on clocks that every process of the machine reads alike. */
export function sharedInstant(inMs = 0): SharedInstant {
  const [seconds, nanoseconds] = process.hrtime()
  return { monotonic: seconds * 1000 + nanoseconds / 1e6 + inMs, wall: Date.now() + inMs }
}

/** Tells whether an instant has passed. The monotonic clock stands still while the machine is suspended, an engine's does not. */
export function hasPassed({ monotonic, wall }: SharedInstant): boolean {
  const now = sharedInstant()
  return now.monotonic >= monotonic || now.wall >= wall
}
