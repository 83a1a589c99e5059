import { describe } from '../names/assert-name.js'

/** Throws a `TypeError` unless the value is undefined or a working `AbortSignal`. */
export function assertSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined || isSignal(signal)) return
  throw new TypeError(`signal must be an AbortSignal, got ${describe(signal)}`)
}

/** An object that only inherits from `AbortSignal` throws on access, here or later in the middle of a wait. */
function isSignal(value: unknown): boolean {
  try {
    return value instanceof AbortSignal && typeof value.aborted === 'boolean'
  } catch {
    return false
  }
}
