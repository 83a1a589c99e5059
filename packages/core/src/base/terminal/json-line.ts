import { UNSAFE } from './printable.js'

/** Returns a value as one line of JSON that is also safe on a terminal: names and data come from other processes. */
export function jsonLine(value: unknown): string {
  // JSON already escapes ASCII control characters.
  return JSON.stringify(value).replace(UNSAFE, escape)
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
