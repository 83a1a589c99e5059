import { printable } from '@cli-ops/shared-ipc/ops'
import type { Snapshot } from '../live/live-types.js'
import { sortRows } from './table.js'
import type { TopState } from './top-state.js'
import { type View, VIEWS } from './views.js'

/** The rows of the current table, filtered and sorted, and the chosen one. */
export interface VisibleRows {
  readonly view: View
  readonly rows: readonly unknown[]
  /** The number of rows before filtering. */
  readonly total: number
  /** -1 if there are no rows. */
  readonly chosen: number
}

/** Returns the rows of a snapshot that a state's table shows. */
export function visibleRows(state: TopState, snapshot: Snapshot): VisibleRows {
  const view = VIEWS[state.view]
  const { chosen, place, sort } = state.tables[state.view]
  const all = view.rows(snapshot)
  const now = snapshot.at
  const filtered =
    state.filter === '' ? all : all.filter((row) => matches(view, row, state.filter, now))
  const column = sort === undefined ? undefined : view.columns[sort.column]
  const rows =
    column === undefined ? filtered : sortRows(filtered, column, sort?.isReversed === true, now)
  const found = chosen === undefined ? -1 : rows.findIndex((row) => view.key(row) === chosen)
  const fallback = chosen === undefined ? 0 : Math.min(place, rows.length - 1)
  return { view, rows, total: all.length, chosen: found === -1 ? fallback : found }
}

function matches({ columns }: View, row: unknown, filter: string, now: number): boolean {
  const wanted = filter.toLowerCase()
  return columns.some(({ text }) => printable(text(row, now)).toLowerCase().includes(wanted))
}
