const GIVEN_UP_MS = 4_000

/**
 * Measures how long a call took beyond its deadline, in milliseconds. Gives up after 4 s.
 *
 * @param {() => Promise<unknown>} call
 * @param {number} timeoutMs
 */
export async function overtime(call, timeoutMs) {
  const started = performance.now()
  await Promise.race([
    call().catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, GIVEN_UP_MS)),
  ])
  return Math.max(0, performance.now() - started - timeoutMs)
}
