import type { Snapshot } from '../live/live-types.js'
import { type ViewName, VIEW_NAMES, VIEWS } from './views.js'

/** How one table is viewed. */
export interface TableState {
  /** Key of the chosen row, so that it stays chosen while rows come and go. */
  readonly chosen: string | undefined
  /** The position of the chosen row; if the row has gone, the row now at that position is chosen. */
  readonly place: number
  readonly sort: { readonly column: number; readonly isReversed: boolean } | undefined
}

/** A lock about to be taken from its holder: the grant that was shown, never a later one. */
export interface PendingRelease {
  readonly resource: string
  readonly id: string
  /** Describes the holder that loses it. */
  readonly holder: string
}

/** What is drawn over the tables. */
export type Overlay =
  | { readonly kind: 'none' }
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'filter'; readonly before: string }
  | { readonly kind: 'lock'; readonly resource: string; readonly scroll: number }
  | { readonly kind: 'confirm'; readonly release: PendingRelease; readonly under: Overlay }

/** All state that keys change. */
export interface TopState {
  readonly view: ViewName
  readonly tables: Readonly<Record<ViewName, TableState>>
  readonly filter: string
  readonly overlay: Overlay
  /** The snapshot shown while paused. */
  readonly paused: Snapshot | undefined
  /** The last action's result, until the next key. */
  readonly message: string | undefined
}

/** Returns the initial state. */
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

/** Returns the state with the current view's table changed. */
export function withTable(state: TopState, changes: Partial<TableState>): TopState {
  const table = { ...state.tables[state.view], ...changes }
  return { ...state, tables: { ...state.tables, [state.view]: table } }
}
