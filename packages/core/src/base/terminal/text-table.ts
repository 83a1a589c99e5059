import { printable } from './printable.js'
import { styleOf } from './style.js'
import { padText, widthOf } from './text-width.js'
import { terminalWidth, wrapText } from './wrap-text.js'

/** One value, or several below each other. */
export type Cell = string | readonly string[]

const GAP = '  '
const NOTHING = '-'

/**
 * Formats rows as columns under a heading or, if that is wider than the terminal, as one block per row with one line per value. Makes
 * cells safe for a terminal.
 */
export function textTable(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number = terminalWidth(),
): string {
  const cells = rows.map((row) => row.map(linesOf))
  const widths = heading.map((title, column) =>
    Math.max(...[[title], ...cells.map((row) => row[column] ?? [])].flat().map(widthOf)),
  )
  const total = widths.reduce((sum, column) => sum + column, GAP.length * (widths.length - 1))
  if (total > width) return textBlocks(heading, cells, width)
  const lines = cells.flatMap((row) => {
    const height = Math.max(...row.map(({ length }) => length))
    return Array.from({ length: height }, (_, line) => row.map((cell) => cell[line] ?? ''))
  })
  const [head = '', ...rest] = [heading, ...lines].map((line) => joinColumns(line, widths))
  return [styleOf(process.stdout).bold(head), ...rest].join('\n')
}

/** A block is long already, so it leaves out the values that a row does not have. */
function textBlocks(
  heading: readonly string[],
  cells: readonly (readonly (readonly string[])[])[],
  width: number,
): string {
  const titleWidth = Math.max(...heading.map(widthOf))
  const textWidth = width - titleWidth - GAP.length
  const blocks = cells.map((row) =>
    row
      .flatMap((cell, column) =>
        cell.join('') === NOTHING
          ? []
          : cell
              .flatMap((text) => wrapText(text, textWidth))
              .map((text, line) => [line === 0 ? (heading[column] ?? '') : '', text]),
      )
      .map((line) => joinColumns(line, [titleWidth, 0]))
      .join('\n'),
  )
  return blocks.join('\n\n')
}

function joinColumns(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, column) => padText(cell, widths[column] ?? 0))
    .join(GAP)
    .trimEnd()
}

function linesOf(cell: Cell): readonly string[] {
  return (typeof cell === 'string' ? [cell] : cell).map(printable)
}
