import { ownIdentity, readFact } from './process-identity.js'

/** Resolution of both clocks in /proc, in milliseconds: hundredths of a second, on every architecture. */
const TICK_MS = 10

/**
 * Returns when this process or worker thread was created, in milliseconds since the epoch. Node's own time origin is about 10 ms
 * later, after the program was loaded, so things that a script did right after it started the command would seem earlier. On other
 * systems than Linux, it is Node's origin.
 */
export function processCreatedAt(): number {
  const { start } = ownIdentity()
  const [uptime = ''] = start === '' ? [] : readFact('/proc/uptime').split(' ')
  const age = uptime === '' ? NaN : Number(uptime) * 1000 - Number(start) * TICK_MS
  // Both are truncated to whole ticks, so the process can seem a tick younger than it is.
  return Date.now() - (age >= 0 ? age + TICK_MS : process.uptime() * 1000)
}
