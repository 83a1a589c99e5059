import { PLAIN_STYLE, printable } from '@cli-ops/shared-ipc/ops'
import type { Snapshot } from '../live/live-types.js'
import { drawTop } from './draw-top.js'
import { createTopState } from './top-state.js'
import { cellsOf, headingOf, fitColumns } from './table.js'
import { emptyText, VIEW_NAMES, VIEWS } from './views.js'

const WIDE = 10_000
const LAST_ROWS = 20

/** Returns one snapshot as text for a pipe: the same tables in sequence, uncut. */
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
    const fitted = fitColumns(columns, shown, snapshot.at, WIDE)
    const lines = shown.map((row) => {
      const cells = cellsOf(fitted, row, snapshot.at)
      return cells.map(({ text }) => text).join('  ')
    })
    return [heading, headingOf(fitted, undefined), ...lines]
      .map((line) => line.trimEnd())
      .join('\n')
  })
  const head = [title.trimEnd(), summary.trimEnd(), ...warnings].join('\n')
  return [head, ...tables].join('\n\n')
}
