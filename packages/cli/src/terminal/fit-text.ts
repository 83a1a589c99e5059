import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

// Names and data of other processes may carry escape sequences, line breaks, and marks that turn the text around.
const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu
const PLAIN = /^[\u0020-\u007e]*$/u

/** Text that takes its own place on a terminal and no other: what would do more is shown as a question mark. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, '?')
}

/** Columns that a text takes on a terminal: two for wide characters, none for marks on top of another. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text, { countAnsiEscapeCodes: true })
}

/** Cuts a text to a width, with an ellipsis where something is left out. Never splits what is drawn as one character. */
export function cutText(text: string, width: number): string {
  if (width <= 0) return ''
  if (PLAIN.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`
  if (widthOf(text) <= width) return text
  let used = 0
  let cut = ''
  for (const { segment } of graphemes.segment(text)) {
    const next = widthOf(segment)
    if (used + next > width - 1) break
    used += next
    cut += segment
  }
  return `${cut}…`
}

/** Cuts or fills a text with spaces to exactly a width. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutText(text, width)
  const fill = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return align === 'right' ? fill + cut : cut + fill
}
