import { printable } from '../diagnostics/message.js'

/** Lays rows out in columns under a heading. Cells are made safe for a terminal. */
export function textTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [heading, ...rows].map((row) => row.map(printable))
  const widths = heading.map((_, column) =>
    Math.max(...lines.map((row) => (row[column] ?? '').length)),
  )
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
