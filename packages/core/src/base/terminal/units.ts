// Formats times, durations and sizes. The dashboard's page also uses this file, so it imports nothing.

/** Formats a duration for a sentence, rounded down: `800 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function describeDuration(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs))
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** Like {@link describeDuration}, for a running duration that is shown repeatedly: in two units, `1 min 12 s`, `2 h 5 min`. */
export function describeElapsed(durationMs: number): string {
  const ms = Math.max(0, Math.floor(durationMs))
  const rest = REST_UNITS.find(({ fromMs }) => ms >= fromMs)
  const whole = describeDuration(ms)
  if (rest === undefined) return whole
  const count = Math.floor((ms % rest.fromMs) / rest.unitMs)
  return count === 0 ? whole : `${whole} ${count} ${rest.unit}`
}

/** Formats a configured limit, below a minute to a tenth of a second: `200 ms`, `1.5 s`, `1 min 30 s`. */
export function describeLimit(ms: number): string {
  if (ms < 1000 || ms >= 60_000) return describeElapsed(ms)
  return `${Math.floor(ms / 100) / 10} s`
}

/** The smaller unit shown after days, hours and minutes. */
const REST_UNITS = [
  { fromMs: 86_400_000, unitMs: 3_600_000, unit: 'h' },
  { fromMs: 3_600_000, unitMs: 60_000, unit: 'min' },
  { fromMs: 60_000, unitMs: 1000, unit: 's' },
] as const

/** Formats the time since an instant, for a sentence. */
export function textAge(instant: Date): string {
  return describeDuration(Date.now() - instant.getTime())
}

/** Formats a running duration for a column, in two units: `0.8 s`, `12 s`, `4:05`, `2:10 h`, `3 d 4 h`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)} s`
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** Formats how long something took, to three digits: `0.42 ms`, `18 ms`, `1.25 s`; otherwise like {@link spanText}. */
export function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : spanText(ms)
}

/** Formats the local time of day: `14:03:27`. */
export function clockText(at: number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/** Formats a local time, with its date if that is not today: `14:03:27`, `2026-11-30 14:03`. */
export function localTimeText(time: Date): string {
  const clock = clockText(time.getTime())
  if (time.toDateString() === new Date().toDateString()) return clock
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-')
  return `${date} ${clock.slice(0, 5)}`
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Formats a size in the units used for limits: `1.2 MiB`. */
export function sizeText(bytes: number): string {
  return sizeParts(bytes).join(' ')
}

/** Returns the number and the unit of {@link sizeText}. */
export function sizeParts(bytes: number): [number: string, unit: string] {
  let value = bytes
  let unit = 0
  // A value that would round up to 1024 uses the next unit.
  while (value >= 1023.5 && unit < SIZES.length - 1) {
    value /= 1024
    unit += 1
  }
  const number = unit === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1)
  return [number, SIZES[unit] ?? '']
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
