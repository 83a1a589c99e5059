/**
 * Resolves to the microseconds per request, sent one after the other. @param {(data: unknown) => Promise<unknown>} ask
 * @param {unknown} data @param {number} times
 */
export async function microsecondsEach(ask, data, times) {
  const started = performance.now()
  for (let count = 0; count < times; count += 1) await ask(data)
  return ((performance.now() - started) / times) * 1000
}

/**
 * Resolves to requests/s with that many in flight.
 *
 * @param {(data: unknown) => Promise<unknown>} ask @param {unknown} data @param {number} times @param {number} inFlight
 */
export async function perSecond(ask, data, times, inFlight) {
  let left = times
  const started = performance.now()
  const one = async () => {
    while (left > 0) {
      left -= 1
      await ask(data)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  return (times / (performance.now() - started)) * 1000
}
