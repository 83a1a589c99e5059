/**
 * Takes out the one line that a waiting person gets.
 *
 * @param {string} stderr
 * @param {string} bin
 */
export function withoutWaiting(stderr, bin) {
  const lines = stderr.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`${bin}: waiting for "`))
  return at < 0 ? stderr : lines.toSpliced(at, 1).join('\n')
}
