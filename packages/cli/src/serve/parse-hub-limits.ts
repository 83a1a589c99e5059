import { describe, parseDuration, sizeText } from '@cli-ops/shared-ipc/ops'

import { HUB_LIMITS, type HubLimit, type HubLimitName } from './hub-limits.js'

const SIZE = /^(\d+)(B|KiB|MiB|GiB)?$/u
const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/**
 * Parses the limits on a command line.
 *
 * @param given by commander's names: `maxConnections`
 * @throws TypeError naming the option, the rule and the value
 */
export function parseHubLimits(
  given: Readonly<Record<string, unknown>>,
): Partial<Record<HubLimitName, number>> {
  const limits: Partial<Record<HubLimitName, number>> = {}
  for (const limit of HUB_LIMITS) {
    const text = given[limit.flag.replace(/-(.)/gu, (_, letter: string) => letter.toUpperCase())]
    if (text !== undefined) limits[limit.member] = parseLimit(limit, text)
  }
  return limits
}

function parseLimit(limit: HubLimit, text: unknown): number {
  const value = valueOf(limit, text)
  if (value !== undefined && value >= limit.min && value <= limit.max) return value
  throw new TypeError(`--${limit.flag} must be ${ruleOf(limit)}, got ${describe(text)}`)
}

function valueOf({ flag, kind }: HubLimit, text: unknown): number | undefined {
  if (kind === 'duration') return Math.ceil(parseDuration(`--${flag}`, text))
  const [, number, unit = 'B'] = SIZE.exec(String(text)) ?? []
  if (number === undefined || (kind === 'count' && unit !== 'B')) return undefined
  return Number(number) * (UNITS[unit] ?? 1)
}

function ruleOf({ kind, min, max }: HubLimit): string {
  if (kind === 'duration') return `a duration from ${min} ms to ${max / 3_600_000} h`
  if (kind === 'count') return `a whole number from ${min} to ${max}`
  return `a size from ${sizeText(min)} to ${sizeText(max)}, such as 512KiB or 2MiB`
}
