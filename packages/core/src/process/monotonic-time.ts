/**
 * Milliseconds on a clock that is never set, for durations and deadlines. The global `performance` would do, but its
 * first use costs a command more than a millisecond.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1000 + nanoseconds / 1e6
}
