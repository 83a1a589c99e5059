import type { Snapshot } from '../live/live-types.js'
import { printable } from '../terminal/fit-text.js'
import { PLAIN_STYLE } from '../terminal/style.js'
import { drawTop } from './draw-top.js'
import { createTopState } from './top-state.js'
import { cellsOf, headingOf, placeColumns } from './table.js'
import { emptyText, VIEW_NAMES, VIEWS } from './views.js'

const WIDE = 10_000
const LAST_ROWS = 20

/** One look as text for a pipe: the same tables, one after the other, not cut. */
export function textOf(snapshot: Snapshot): string {
  const [title = '', summary = ''] = drawTop(
    createTopState(),
    snapshot,
    { columns: WIDE, rows: 24 },
    PLAIN_STYLE,
  )
  const warnings = snapshot.warnings.map(({ text }) => `! ${printable(text)}`)
  const tables = VIEW_NAMES.map((name) => {
    const view = VIEWS[name]
    const { title: heading, rows, columns } = view
    const shown = rows(snapshot).slice(-LAST_ROWS)
    if (shown.length === 0) return `${heading}\n${emptyText(view, snapshot)}`
    const placed = placeColumns(columns, shown, snapshot.at, WIDE)
    const lines = shown.map((row) => {
      const cells = cellsOf(placed, row, snapshot.at)
      return cells.map(({ text }) => text).join('  ')
    })
    return [heading, headingOf(placed, undefined), ...lines]
      .map((line) => line.trimEnd())
      .join('\n')
  })
  const head = [title.trimEnd(), summary.trimEnd(), ...warnings].join('\n')
  return [head, ...tables].join('\n\n')
}
