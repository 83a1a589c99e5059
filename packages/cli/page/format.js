/** @import { OwnerView } from '../src/live/live-types.js' */

// Spans, times and sizes are written as on a terminal: `src/terminal/time-text.ts`, which is built and cannot be served as it is.

/** A span, short: `0.8 s`, `12 s`, `4:05`, `2:10 h`, `3 d 4 h`. @param {number} ms */
export function spanText(ms) {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/** How long something took: `0.42 ms`, `18 ms`, `1.25 s`. @param {number} ms */
export function durationText(ms) {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)} s` : spanText(ms)
}

/** The time of day here. @param {number} at */
export function clockText(at) {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}

/** A number and its unit, decimal. @param {number} bytes @returns {[string, string]} */
export function bytesParts(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return [
    unit === 0 || value >= 100 ? String(Math.round(value)) : value.toFixed(1),
    units[unit] ?? '',
  ]
}

/** The CLI and its command: `cli-beta sync`. @param {Pick<OwnerView, 'name' | 'command'>} owner */
export function programOf({ name, command }) {
  return command === undefined ? name : `${name} ${command}`
}

/** Where an owner runs: `pid 4242, dev@build-7`. @param {OwnerView} owner */
export function whereabouts({ pid, user, host }) {
  const place = user !== '' && host !== '' ? `${user}@${host}` : user || host
  return [pid > 0 ? `pid ${pid}` : '', place].filter((fact) => fact !== '').join(', ')
}

/** The class that gives an owner its colour: the same for the same program. @param {string} name */
export function hueOf(name) {
  let hash = 7
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return `hue-${hash % 8}`
}

/** A word for a POSIX shell. @param {string} word */
export function shellWord(word) {
  return /^[\w./:@-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}

/** @param {number} number */
function two(number) {
  return String(number).padStart(2, '0')
}
