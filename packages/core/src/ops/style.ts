import { styleText } from 'node:util'

/** How a word can stand out. */
export type Emphasis = 'bold' | 'dim' | 'red' | 'yellow' | 'green'

/**
 * Dresses a text for stdout where that is a terminal with colours: not with `NO_COLOR`, and not on a dumb one. Whatever is
 * dressed is told by its words, too.
 */
export function style(emphasis: Emphasis, text: string): string {
  const isPlain =
    !process.stdout.isTTY ||
    (process.env['NO_COLOR'] ?? '') !== '' ||
    process.env['TERM'] === 'dumb'
  return isPlain || text === '' ? text : styleText(emphasis, text)
}
