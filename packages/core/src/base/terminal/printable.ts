/** Characters that move a terminal's cursor, have no width, reverse the text, or are half a character. */
export const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu
const BREAK = /[\t-\r\u0085\u2028\u2029]+/gu
const PLAIN = /^[\u0020-\u007e]*$/u
/** What GitHub Actions and Azure Pipelines read as a command, anywhere in a line of a log. */
const LOG_COMMAND = /##(?=\[|vso\[)/gu

/**
 * Makes a text safe for a terminal and a single line: names and messages of other processes can contain anything. A line break becomes
 * a space, every other unsafe character a question mark. A CI service finds no command in it.
 */
export function printable(text: string): string {
  const safe = PLAIN.test(text) ? text : text.replace(BREAK, ' ').replace(UNSAFE, '?')
  return safe.includes('##') ? safe.replace(LOG_COMMAND, '# #') : safe
}

/** Returns whether all characters are printable ASCII, so that each takes one column. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text)
}
