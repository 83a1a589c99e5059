/** Like `instanceof`, for any thrown value: false for a proxy that throws on access. Never throws. */
export function isInstance<T>(
  value: unknown,
  type: abstract new (...args: never[]) => T,
): value is T {
  try {
    return value instanceof type
  } catch {
    return false
  }
}
