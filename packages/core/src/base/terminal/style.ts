import type { WriteStream } from 'node:tty'

/** Styles texts that are already printable and cut to size. */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  reverse(text: string): string
  good(text: string): string
  bad(text: string): string
  doubtful(text: string): string
  accent(text: string): string
}

/** The name of a style. */
export type StyleName = keyof Style

/** Any escape code that turns a style on or off, captured so that `split()` keeps it. */
// eslint-disable-next-line no-control-regex
export const STYLE_CODE = /(\u001b\[(?:1|2|7|22|27|31|32|33|36|39)m)/u

const plain = (text: string): string => text

/** The style for everything that is not a terminal. */
export const PLAIN_STYLE: Style = {
  bold: plain,
  dim: plain,
  reverse: plain,
  good: plain,
  bad: plain,
  doubtful: plain,
  accent: plain,
}

/** Creates a style. Bold and reverse also work without colour; words always carry the meaning. */
export function createStyle(withColour: boolean): Style {
  const colour = (code: number): ((text: string) => string) => (withColour ? sgr(code, 39) : plain)
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    reverse: sgr(7, 27),
    good: colour(32),
    bad: colour(31),
    doubtful: colour(33),
    accent: colour(36),
  }
}

/** Returns the style for a stream: plain in a pipe, on a dumb terminal and with `NO_COLOR`. */
export function styleOf(stream: WriteStream): Style {
  return hasColour(stream) ? createStyle(true) : PLAIN_STYLE
}

/** Returns whether a stream is a terminal with colours that the user wants. */
export function hasColour(stream: WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && stream.getColorDepth() > 1
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => (text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`)
}
