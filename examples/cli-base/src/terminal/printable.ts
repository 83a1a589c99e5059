// Titles and tags may come from files and events of others, and must not steer the terminal.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/gu

/** Text that stays on one line and is safe on a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ')
}
