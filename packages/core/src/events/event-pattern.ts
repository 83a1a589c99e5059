import { assertName, describe } from '../base/names/assert-name.js'

/**
 * Throws a `TypeError` that names `argument` unless `pattern` is an event type, a prefix such as `task:*`, or `*`. A star matches the
 * rest of the type and can only be at the end.
 */
export function assertPattern(pattern: unknown, argument = 'pattern'): asserts pattern is string {
  assertName(argument, pattern)
  const star = pattern.indexOf('*')
  if (star < 0 || pattern === '*') return
  if (star === pattern.length - 1 && pattern.endsWith(':*') && pattern.length > 2) return
  throw new TypeError(
    `${argument} must be an event type, a prefix and ":*", or "*", got ${describe(pattern)}`,
  )
}

/** Throws a `TypeError` that names `argument` unless `type` is a valid event type: a name without `*`. */
export function assertEventType(type: unknown, argument = 'type'): asserts type is string {
  assertName(argument, type)
  if (type.includes('*')) {
    throw new TypeError(
      `${argument} must not contain "*", which patterns use, got ${describe(type)}`,
    )
  }
}

/** Returns a function that tests whether a type matches the pattern. */
export function matcherOf(pattern: string): (type: string) => boolean {
  if (pattern === '*') return () => true
  if (!pattern.endsWith('*')) return (type) => type === pattern
  const prefix = pattern.slice(0, -1)
  return (type) => type.startsWith(prefix)
}
