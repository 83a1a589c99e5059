import { ownIdentity, readFact } from './process-identity.js'

/** Of the clocks in /proc, in milliseconds: both count in hundredths of a second, on every architecture. */
const TICK_MS = 10

/**
 * When this process, or worker thread, was created, in milliseconds since the epoch. Node's own origin of time is some 10 ms
 * later, once the program has been loaded: what a script did right after it started the command would be before it.
 * Elsewhere than on Linux it is Node's origin.
 */
export function processCreatedAt(): number {
  const { start } = ownIdentity()
  const [uptime = ''] = start === '' ? [] : readFact('/proc/uptime').split(' ')
  const age = uptime === '' ? NaN : Number(uptime) * 1000 - Number(start) * TICK_MS
  // Both are cut to whole ticks, so it may look a tick younger than it is.
  return Date.now() - (age >= 0 ? age + TICK_MS : process.uptime() * 1000)
}
