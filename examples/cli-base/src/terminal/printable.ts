// Titles and tags can come from other programs' files and events, and must not control the terminal.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/gu

/** Returns a text on one line that is safe on a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ')
}
