import { describe } from '../base/names/assert-name.js'
import { assertInteger } from '../base/validation/assert-number.js'
import type { RateLimit } from './rate-limit.js'

/** Throws a `TypeError` that names the option, the rule and the value unless the value is a limit. */
export function assertRateLimit(option: string, limit: unknown): asserts limit is RateLimit {
  if (typeof limit !== 'object' || limit === null) {
    throw new TypeError(`${option} must be false or an object, got ${describe(limit)}`)
  }
  const { max, perMs, burst, onLimit } = limit as Partial<RateLimit>
  assertInteger(`${option}.max`, max, 1)
  assertInteger(`${option}.perMs`, perMs, 1)
  if (burst !== undefined) assertInteger(`${option}.burst`, burst, 1)
  if (onLimit !== undefined && !['reject', 'drop', 'queue'].includes(onLimit)) {
    throw new TypeError(
      `${option}.onLimit must be "reject", "drop" or "queue", got ${describe(onLimit)}`,
    )
  }
}
