/** What moves a terminal's cursor, has no width, turns the text around, or is half a character. */
export const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu
const BREAK = /[\t-\r\u0085\u2028\u2029]+/gu
const PLAIN = /^[\u0020-\u007e]*$/u

/**
 * Text that is safe on a terminal and stays on one line: names and messages of other processes may hold anything. A line break
 * becomes a space, and whatever else is unsafe a question mark.
 */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(BREAK, ' ').replace(UNSAFE, '?')
}

/** Whether each character is a letter, digit or sign of ASCII, and so takes one column. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text)
}
