import { assertName, describe } from '../base/names/assert-name.js'

/**
 * Throws a `TypeError` unless `pattern` is an event type, a prefix such as `task:*`, or `*`. A star stands for
 * the rest of the type and nowhere else. `argument` is named in it.
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

/** Throws a `TypeError` unless `type` may be the type of an event: a name without `*`. `argument` is named in it. */
export function assertEventType(type: unknown, argument = 'type'): asserts type is string {
  assertName(argument, type)
  if (type.includes('*')) {
    throw new TypeError(
      `${argument} must not contain "*", which patterns use, got ${describe(type)}`,
    )
  }
}

/** Makes the test whether a pattern selects a type. */
export function matcherOf(pattern: string): (type: string) => boolean {
  if (pattern === '*') return () => true
  if (!pattern.endsWith('*')) return (type) => type === pattern
  const prefix = pattern.slice(0, -1)
  return (type) => type.startsWith(prefix)
}
