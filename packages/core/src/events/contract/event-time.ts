let atMs = NaN
let text = ''

/** The time of day in RFC 3339. Events of one millisecond share the text, which takes longer to make than a look at the clock. */
export function isoNow(now = Date.now()): string {
  if (now !== atMs) {
    atMs = now
    text = isoTime(new Date(now))
  }
  return text
}

/** As `toISOString()` writes it, which makes V8 look for the time zone as well, and that takes as long as ten events. */
function isoTime(date: Date): string {
  const day = `${date.getUTCFullYear()}-${twoDigits(date.getUTCMonth() + 1)}-${twoDigits(date.getUTCDate())}`
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  return `${day}T${time}.${String(date.getUTCMilliseconds()).padStart(3, '0')}Z`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
