import { describeDuration } from '../locks/describe-owner.js'

/** The time since an instant, for people. */
export function textAge(instant: Date): string {
  return describeDuration(Date.now() - instant.getTime())
}

/** Reads a point in time: an age such as `30s`, `5m`, `2h`, `1d`, or anything a `Date` reads. Throws a `TypeError`. */
export function parseSince(option: string, text: string): Date {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/u.exec(text)
  if (match !== null) {
    const seconds = { s: 1, m: 60, h: 3_600, d: 86_400 }[match[2] as 's' | 'm' | 'h' | 'd']
    return new Date(Date.now() - Number(match[1]) * seconds * 1000)
  }
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) {
    throw new TypeError(
      `${option} must be an age such as 30s, 5m, 2h or an ISO time, got ${JSON.stringify(text)}`,
    )
  }
  return date
}
