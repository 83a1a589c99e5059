/**
 * Milliseconds on a clock that is never set, for durations and deadlines within this process. The global `performance`
 * would do, but its first use costs a command more than a millisecond; `process.hrtime` is compiled at its first use.
 */
export function monotonicMs(): number {
  return process.uptime() * 1000
}
