import { describe } from '../names/assert-name.js'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu

/**
 * Parses a duration such as `30s`, `5m`, `1h30m` or `500ms` to milliseconds.
 *
 * @throws TypeError
 */
export function parseDuration(option: string, text: unknown): number {
  const durationMs = readDuration(text)
  if (durationMs !== undefined) return durationMs
  throw new TypeError(
    `${option} must be a duration such as 500ms, 30s, 5m or 1h30m, got ${describe(text)}`,
  )
}

/** Like {@link parseDuration}, but returns `undefined` for anything else. */
export function readDuration(text: unknown): number | undefined {
  if (typeof text !== 'string' || !DURATION.test(text)) return undefined
  let sum = 0
  for (const [, number, unit] of text.matchAll(PART))
    sum += Number(number) * UNITS[unit as keyof typeof UNITS]
  return sum
}
