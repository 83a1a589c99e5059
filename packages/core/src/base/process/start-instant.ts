import { readFact } from './process-identity.js'

/** Resolution of both clocks in /proc, in milliseconds: hundredths of a second, on every architecture. */
const TICK_MS = 10

/**
 * Returns when a process began, in milliseconds since the epoch, from its start in /proc, which counts ticks since the machine booted.
 * `undefined` if either is unknown, as on other systems than Linux.
 */
export function startInstant(start: string | undefined): number | undefined {
  if (start === undefined || start === '') return undefined
  const [uptime = ''] = readFact('/proc/uptime').split(' ')
  const ageMs = uptime === '' ? NaN : Number(uptime) * 1000 - Number(start) * TICK_MS
  // Both are truncated to whole ticks, so the process can seem a tick younger than it is.
  return ageMs >= 0 ? Date.now() - ageMs - TICK_MS : undefined
}
