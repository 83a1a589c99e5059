import { hangingLines, PLAIN_STYLE, printable, terminalWidth } from '@cli-ops/shared-ipc/ops'
import type { Snapshot } from '../live/live-types.js'
import { drawTop } from './draw-top.js'
import { createTopState } from './top-state.js'
import { cellsOf, headingOf, fitColumns } from './table.js'
import { emptyText, VIEW_NAMES, VIEWS } from './views.js'

const WIDE = 10_000
const LAST_ROWS = 20

/** Returns one snapshot as text: the same tables in sequence. In a pipe they are uncut. */
export function textOf(snapshot: Snapshot): string {
  const width = Math.min(terminalWidth(), WIDE)
  const [title = '', summary = ''] = drawTop(
    createTopState(),
    snapshot,
    { columns: width, rows: 24 },
    PLAIN_STYLE,
  )
  const warnings = snapshot.warnings.flatMap(({ text }) => hangingLines('! ', printable(text)))
  const tables = VIEW_NAMES.map((name) => {
    const view = VIEWS[name]
    const { title: heading, rows, columns } = view
    const shown = rows(snapshot).slice(-LAST_ROWS)
    if (shown.length === 0)
      return [heading, ...hangingLines('', emptyText(view, snapshot))].join('\n')
    const fitted = fitColumns(columns, shown, snapshot.at, width)
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
