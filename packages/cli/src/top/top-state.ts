import type { Snapshot } from '../live/live-types.js'
import { type ViewName, VIEW_NAMES, VIEWS } from './views.js'

/** How one table is looked at. */
export interface TableState {
  /** Key of the chosen row, so that it stays chosen while rows come and go. */
  readonly chosen: string | undefined
  /** Where the chosen row was; what is there is chosen when the row has gone. */
  readonly place: number
  readonly sort: { readonly column: number; readonly isReversed: boolean } | undefined
}

/** A lock that is about to be taken from its holder: the grant that was shown, and no later one. */
export interface PendingRelease {
  readonly resource: string
  readonly id: string
  /** Who loses it, for people. */
  readonly holder: string
}

/** What lies over the tables. */
export type Overlay =
  | { readonly kind: 'none' }
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'filter'; readonly before: string }
  | { readonly kind: 'lock'; readonly resource: string; readonly scroll: number }
  | { readonly kind: 'confirm'; readonly release: PendingRelease; readonly under: Overlay }

/** Everything that keys change. */
export interface TopState {
  readonly view: ViewName
  readonly tables: Readonly<Record<ViewName, TableState>>
  readonly filter: string
  readonly overlay: Overlay
  /** What is shown instead of what is now. */
  readonly paused: Snapshot | undefined
  /** The last thing that was done, until the next key. */
  readonly message: string | undefined
}

/** The state at the beginning. */
export function createTopState(): TopState {
  const table = (name: ViewName): TableState => {
    const { sort, columns } = VIEWS[name]
    const column = columns.findIndex(({ title }) => title === sort?.title)
    return {
      chosen: undefined,
      place: 0,
      sort: sort === undefined ? undefined : { column, isReversed: sort.isReversed },
    }
  }
  return {
    view: 'locks',
    tables: Object.fromEntries(VIEW_NAMES.map((name) => [name, table(name)])) as TopState['tables'],
    filter: '',
    overlay: { kind: 'none' },
    paused: undefined,
    message: undefined,
  }
}

/** The state with the table of the present view changed. */
export function withTable(state: TopState, changes: Partial<TableState>): TopState {
  const table = { ...state.tables[state.view], ...changes }
  return { ...state, tables: { ...state.tables, [state.view]: table } }
}
