/** As `instanceof`, of whatever was thrown: false where it is a proxy that cannot be looked at. Never throws. */
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
