/**
 * Runs a function and returns its result. If it throws, calls `callback` and lets the error pass: after a `catch` that throws again, Node
 * would show that line for an uncaught error, and not the line it came from.
 */
export function onThrow<T>(run: () => T, callback: () => void): T {
  let hasThrown = true
  try {
    const result = run()
    hasThrown = false
    return result
  } finally {
    if (hasThrown) callback()
  }
}
