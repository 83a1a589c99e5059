import { loadStringWidth } from '../lazy.js'
import { cutText } from './cut-text.js'
import { isPlain } from './printable.js'

/** Columns that a text takes on a terminal: two for wide characters, none for marks on top of another. */
export function widthOf(text: string): number {
  return isPlain(text) ? text.length : loadStringWidth()(text, { countAnsiEscapeCodes: true })
}

/** Cuts or fills a text with spaces to exactly a width. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return padText(cutText(text, width, widthOf), width, align)
}

/** Fills a text with spaces to at least a width. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? fill + text : text + fill
}
