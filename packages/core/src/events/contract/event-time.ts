let atMs = NaN
let text = ''

/** Returns the time in RFC 3339. Events of one millisecond share the text, since formatting it takes longer than reading the clock. */
export function isoNow(now = Date.now()): string {
  if (now !== atMs) {
    atMs = now
    text = isoTime(new Date(now))
  }
  return text
}

/** Formats like `toISOString()`, which also makes V8 look up the time zone. That takes as long as ten events. */
function isoTime(date: Date): string {
  const day = `${date.getUTCFullYear()}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  return `${day}T${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}Z`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
