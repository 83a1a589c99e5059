import { describe } from '../names/assert-name.js'

/** Throws a `TypeError` unless it is undefined or a signal that can be listened to. */
export function assertSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || isSignal(signal)) return
  throw new TypeError(`signal must be an AbortSignal, got ${describe(signal)}`)
}

/** What only inherits from `AbortSignal` throws when it is looked at, and would later do so in the midst of a wait. */
function isSignal(value: unknown): boolean {
  try {
    return value instanceof AbortSignal && typeof value.aborted === 'boolean'
  } catch {
    return false
  }
}
