import { readFileSync } from 'node:fs'

/** Of the clocks in /proc, in milliseconds: both count in hundredths of a second, on every architecture. */
const TICK_MS = 10

/**
 * When this process was created. Node's own origin of time is some 10 ms later, once the program has been loaded: what
 * a script emits right after it started the command would be before it. Elsewhere than on Linux it is Node's origin.
 */
export function processCreatedAt(): Date {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const [uptime = ''] = readFileSync('/proc/uptime', 'latin1').split(' ')
    // The 22nd field; the second is a name in parentheses, which may hold anything.
    const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * TICK_MS
    const age = Number(uptime) * 1000 - started
    // Both are cut to whole ticks, so it may look a tick younger than it is.
    if (age >= 0) return new Date(Date.now() - age - TICK_MS)
  } catch {
    // Not Linux, or a /proc that shows nothing.
  }
  return new Date(performance.timeOrigin)
}
