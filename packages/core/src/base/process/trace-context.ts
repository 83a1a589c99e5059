import { describe } from '../names/assert-name.js'

function isTraceparent(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 512) return false
  // W3C Trace Context, level 1: version, trace id, parent id, flags; later versions may add fields.
  const match =
    /^(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]*)?$/u.exec(
      value,
    )
  return match !== null && (match[1] !== '00' || match[2] === undefined)
}

/** Returns the trace context of an event: the caller's, else the environment's if it is well-formed. */
export function traceparentOf(given: string | undefined, env = process.env): string | undefined {
  if (given === undefined) {
    const inherited = env['TRACEPARENT']
    if (inherited === undefined) return undefined
    return isTraceparent(inherited) ? inherited : undefined
  }
  if (isTraceparent(given)) return given
  throw new TypeError(`traceparent must be a W3C traceparent, got ${describe(given)}`)
}
