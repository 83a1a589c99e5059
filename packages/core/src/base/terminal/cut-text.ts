import { isPlain } from './printable.js'

/** Returns how many terminal columns a text takes. */
export type Measure = (text: string) => number

let graphemes: Intl.Segmenter | undefined

/** Cuts a text to a width, with an ellipsis if it is too long. Never splits a character as displayed. */
export function cutText(text: string, width: number, measure: Measure): string {
  if (width <= 0) return ''
  if (isPlain(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`
  if (measure(text) <= width) return text
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let used = 0
  let cut = ''
  for (const { segment } of graphemes.segment(text)) {
    used += measure(segment)
    if (used > width - 1) break
    cut += segment
  }
  return `${cut}…`
}

/**
 * Returns the maximum number of columns that a text can take on any terminal: for text that must not wrap, without loading a table of
 * widths.
 */
export function greatestWidth(text: string): number {
  let width = 0
  for (const character of text) width += isPlain(character) ? 1 : 2
  return width
}
