/**
 * Returns milliseconds on a clock that is never set, for durations and deadlines within this process. The global `performance` would
 * work, but its first use costs a command more than a millisecond; `process.hrtime` is compiled on first use.
 */
export function monotonicMs(): number {
  return process.uptime() * 1000
}
