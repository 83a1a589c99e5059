import { UNSAFE } from './printable.js'

/** Writes a value as one line of JSON that is safe on a terminal as well: names and data come from other processes. */
export function jsonLine(value: unknown): string {
  // JSON has escaped the control characters of ASCII itself.
  return JSON.stringify(value).replace(UNSAFE, escape)
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
