import { loadStringWidth } from '../lazy.js'
import { cutText } from './cut-text.js'
import { isPlain } from './printable.js'

/** Returns the terminal columns that a text takes: two for wide characters, none for combining marks. */
export function widthOf(text: string): number {
  return isPlain(text) ? text.length : loadStringWidth()(text, { countAnsiEscapeCodes: true })
}

/** Cuts a text, or pads it with spaces, to an exact width. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return padText(cutText(text, width, widthOf), width, align)
}

/** Pads a text with spaces to a minimum width. */
export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? fill + text : text + fill
}
