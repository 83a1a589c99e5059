import type { SharedInstant } from './messages.js'

/** Returns the instant that many milliseconds from now, on clocks that all processes of the machine share. */
export function sharedInstant(inMs = 0): SharedInstant {
  const [seconds, nanoseconds] = process.hrtime()
  return { monotonic: seconds * 1000 + nanoseconds / 1e6 + inMs, wall: Date.now() + inMs }
}

/**
 * Returns whether an instant has passed. The monotonic clock stops while the machine is suspended; an engine's clock does not.
 */
export function hasPassed({ monotonic, wall }: SharedInstant): boolean {
  const now = sharedInstant()
  return now.monotonic >= monotonic || now.wall >= wall
}
