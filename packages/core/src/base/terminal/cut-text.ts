import { isPlain } from './printable.js'

/** How many columns of a terminal a text takes. */
export type Measure = (text: string) => number

let graphemes: Intl.Segmenter | undefined

/** Cuts a text to a width, with an ellipsis where something is left out. Never splits what is drawn as one character. */
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

/** The most columns that a text can take on any terminal; for text that must not wrap, where no table of widths is loaded. */
export function greatestWidth(text: string): number {
  let width = 0
  for (const character of text) width += isPlain(character) ? 1 : 2
  return width
}
