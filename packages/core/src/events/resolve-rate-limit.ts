import { describe } from '../base/names/assert-name.js'
import { assertRateLimit } from './assert-rate-limit.js'
import { DEFAULT_RATE_LIMIT, type RateLimit, type ResolvedRateLimit } from './rate-limit.js'

const VARIABLE = 'CLI_OPS_RATE_LIMIT'

/** Where limits were set, except for the caller's own option. */
const places = new WeakMap<RateLimit, string>()

/** Notes where a limit was set, for the error above the limit, such as `in config.json`. */
export function noteRateLimitSource(limit: RateLimit, setBy: string): void {
  places.set(limit, setBy)
}

/**
 * Returns the limit set by the option, or else by the environment: `off`, or `10/1000` or `10/1000/600` for that many events, in that
 * many milliseconds, with that burst. The burst defaults to `max`.
 *
 * @throws TypeError that names the option or the variable, the rule and the value
 */
export function resolveRateLimit(
  limit: false | RateLimit | undefined,
  env: NodeJS.ProcessEnv = process.env,
): ResolvedRateLimit | false {
  if (limit === false) return false
  if (limit === undefined) return fromEnvironment(env[VARIABLE])
  assertRateLimit('rateLimit', limit)
  const { max, perMs, burst = max, onLimit = 'reject' } = limit
  return { max, perMs, burst, onLimit, setBy: places.get(limit) ?? 'by the option rateLimit' }
}

function fromEnvironment(text: string | undefined): ResolvedRateLimit | false {
  if (!text) return DEFAULT_RATE_LIMIT
  if (text === 'off') return false
  const figures = /^([1-9]\d{0,8})\/([1-9]\d{0,8})(?:\/([1-9]\d{0,8}))?$/u.exec(text)
  if (figures === null) {
    throw new TypeError(
      `${VARIABLE} must be "off" or figures such as "10/1000/600" (events, milliseconds, burst), got ${describe(text)}`,
    )
  }
  const [max, perMs, burst = max] = figures.slice(1).map((figure) => figure && Number(figure)) as [
    number,
    number,
    number?,
  ]
  return { max, perMs, burst, onLimit: 'reject', setBy: `by ${VARIABLE}` }
}
