/**
 * Removes what a waiting person sees: one line, and if the wait is long, as on a busy machine, another one after 5 s,
 * 15 s and so on, which says how long it has been.
 *
 * @param {string} stderr
 * @param {string} bin
 */
export function withoutWaiting(stderr, bin) {
  let isFirst = true
  const isTold = (/** @type {string} */ line) => {
    if (!line.startsWith(`${bin}: waiting for "`)) return false
    const isExpected = isFirst || / in line, \d+ (?:s|min)\b/u.test(line)
    isFirst = false
    return isExpected
  }
  return stderr
    .split('\n')
    .filter((line) => !isTold(line))
    .join('\n')
}
