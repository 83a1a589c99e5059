/**
 * @typedef {{ text: string, colour?: string | undefined, isBold?: boolean, isDim?: boolean, isInverse?: boolean }} Run text in one style
 * @typedef {{ runs: readonly Run[], atMs?: number }} Line with the time at which it appears, in a moving picture
 */

const LINE_PX = 18
const COLUMN_PX = 7.85
const PADDING_PX = 18
/** How long the whole picture stays before it begins again. */
const REST_MS = 6_000

/** The colours of a terminal, by name: on a dark and on a light background. */
const COLOURS = {
  black: ['#6e7681', '#24292f'],
  red: ['#ff7b72', '#b0202a'],
  green: ['#7ee787', '#116329'],
  yellow: ['#e3b341', '#7d4e00'],
  blue: ['#79c0ff', '#0550ae'],
  magenta: ['#d2a8ff', '#8250df'],
  cyan: ['#76e3ea', '#1b7c83'],
  white: ['#ffffff', '#24292f'],
}
/** The names of the first colours of a terminal's palette. */
export const PALETTE = /** @type {(keyof typeof COLOURS)[]} */ (Object.keys(COLOURS))

/**
 * Draws lines of a terminal, dark or light as the reader prefers. If the lines have times, they appear one after the other, again and
 * again, unless the reader prefers reduced motion.
 *
 * @param {{ columns: number, lines: readonly Line[], label: string }} picture
 */
export function terminalSvg({ columns, lines, label }) {
  const width = Math.round(columns * COLUMN_PX + 2 * PADDING_PX)
  const height = lines.length * LINE_PX + 2 * PADDING_PX
  const isMoving = lines.some(({ atMs }) => atMs !== undefined)
  const totalMs = Math.max(...lines.map(({ atMs = 0 }) => atMs)) + REST_MS
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">
<style>
${style()}
${isMoving ? motion(lines, totalMs) : ''}</style>
<rect class="screen" width="100%" height="100%" rx="10"/>
${lines.flatMap((line, row) => drawLine(line, row, isMoving)).join('\n')}
</svg>
`
}

function style() {
  const rules = (/** @type {0 | 1} */ theme) =>
    Object.entries(COLOURS)
      .map(([name, shades]) => `.${name} { fill: ${shades[theme]} }`)
      .join(' ')
  return `text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre; fill: #c9d1d9 }
.screen { fill: #0d1117 } .bold { font-weight: 700 } .dim { opacity: 0.7 } .bar { fill: #30363d }
${rules(0)}
@media (prefers-color-scheme: light) {
text { fill: #24292f } .screen { fill: #f6f8fa } .bar { fill: #d0d7de }
${rules(1)}
}`
}

/**
 * @param {readonly Line[]} lines
 * @param {number} totalMs
 */
function motion(lines, totalMs) {
  const times = [...new Set(lines.map(({ atMs = 0 }) => atMs))].filter((atMs) => atMs > 0)
  const frames = times.map((atMs) => {
    const percent = ((atMs / totalMs) * 100).toFixed(2)
    return `@keyframes at${atMs} { 0% { visibility: hidden } ${percent}% { visibility: visible } }
.at${atMs} { animation: at${atMs} ${totalMs}ms step-end infinite }`
  })
  return `${frames.join('\n')}
@media (prefers-reduced-motion: reduce) { g { animation: none !important } }
`
}

/**
 * @param {Line} line
 * @param {number} row
 * @param {boolean} isMoving
 */
function drawLine({ runs, atMs = 0 }, row, isMoving) {
  const top = PADDING_PX + row * LINE_PX
  let column = 0
  const parts = runs.flatMap(({ text, colour, isBold, isDim, isInverse }) => {
    const x = PADDING_PX + column * COLUMN_PX
    column += text.length
    if (text.trim() === '' && isInverse !== true) return []
    const names = [colour, isBold && 'bold', isDim && 'dim'].filter(Boolean).join(' ')
    const bar = `<rect class="bar" x="${px(x)}" y="${top}" width="${px(text.length * COLUMN_PX)}" height="${LINE_PX}"/>`
    const drawn = `<text x="${px(x)}" y="${top + LINE_PX - 5}" textLength="${px(text.length * COLUMN_PX)}"${names === '' ? '' : ` class="${names}"`}>${escaped(text)}</text>`
    return isInverse === true ? [bar, drawn] : [drawn]
  })
  if (parts.length === 0) return []
  return isMoving && atMs > 0 ? [`<g class="at${atMs}">${parts.join('')}</g>`] : [parts.join('')]
}

/** @param {number} value */
function px(value) {
  return value.toFixed(1)
}

/** @param {string} text */
function escaped(text) {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')
    .replaceAll(' ', '\u00a0')
}
