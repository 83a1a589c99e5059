import { assertName, describe } from '../names/assert-name.js'
import { readDuration } from './parse-duration.js'

// date(1) writes a comma. `new Date('5')` is a day in 2001, so only text that is clearly a time is accepted.
const ISO_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/u

/**
 * Parses a point in time: an age such as `30s`, `5m`, `1h30m`, `1d`, or an ISO time. Without a zone it is local time; without a time
 * of day, the start of that day in UTC.
 *
 * @throws TypeError
 */
export function parseSince(option: string, text: unknown): Date {
  assertName(option, text)
  const ageMs = readDuration(text)
  const date =
    ageMs === undefined
      ? new Date(ISO_TIME.test(text) ? text.replace(',', '.') : Number.NaN)
      : new Date(Date.now() - ageMs)
  if (Number.isNaN(date.getTime())) {
    throw new TypeError(
      `${option} must be an age such as 30s, 5m, 2h, 1d or an ISO time, got ${describe(text)}`,
    )
  }
  return date
}
