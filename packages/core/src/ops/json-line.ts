// JSON escapes the ASCII control characters; these move a terminal's cursor or turn its text around all the same.
const UNSAFE = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu

/** Writes a value as one line of JSON that is safe on a terminal as well: names and data come from other processes. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, escape)
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
