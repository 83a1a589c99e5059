import { describeOwner } from '@cli-ops/shared-ipc'

import type { LockView, Snapshot } from '../live/live-types.js'
import { type Overlay, type TopState, withTable } from './top-state.js'
import { VIEW_NAMES, VIEWS } from './views.js'
import { visibleRows } from './visible-rows.js'

/** A key as `node:readline` reports it. */
export interface Key {
  readonly name?: string | undefined
  readonly sequence?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly meta?: boolean | undefined
}

/** What a key does besides changing the state. */
export type KeyEffect =
  | { readonly kind: 'quit'; readonly signal?: 'SIGINT' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'release'; readonly resource: string; readonly id: string }

/** The result of a key. */
export interface KeyOutcome {
  readonly state: TopState
  readonly effect?: KeyEffect
}

const MAX_FILTER_LENGTH = 100

/** Determines what a key does. `page` is the number of rows that fit. */
export function handleKey(
  before: TopState,
  key: Key,
  snapshot: Snapshot,
  page: number,
): KeyOutcome {
  if (key.ctrl === true && key.name === 'c')
    return { state: before, effect: { kind: 'quit', signal: 'SIGINT' } }
  if (key.ctrl === true && key.name === 'z') return { state: before, effect: { kind: 'suspend' } }
  if (key.ctrl === true && key.name === 'l') return { state: before, effect: { kind: 'redraw' } }
  const state = { ...before, message: undefined }
  switch (state.overlay.kind) {
    case 'filter':
      return { state: editFilter(state, key, state.overlay.before) }
    case 'confirm':
      return confirm(state, key, state.overlay)
    case 'help':
      return handleHelpKey(state, key, state.overlay)
    case 'lock':
      return handleLockKey(state, key, snapshot, state.overlay)
    case 'none':
      return handleTableKey(state, key, snapshot, page)
  }
}

function handleTableKey(state: TopState, key: Key, snapshot: Snapshot, page: number): KeyOutcome {
  const rows = visibleRows(state, snapshot)
  const moveTo = (target: number): KeyOutcome => {
    const place = Math.max(0, Math.min(target, rows.rows.length - 1))
    const row = rows.rows[place]
    const chosen = row === undefined ? undefined : rows.view.key(row)
    return { state: withTable(state, { place, chosen }) }
  }
  switch (commandOf(key)) {
    case 'quit':
      return quit(state)
    case 'up':
      return moveTo(rows.chosen - 1)
    case 'down':
      return moveTo(rows.chosen + 1)
    case 'page up':
      return moveTo(rows.chosen - page)
    case 'page down':
      return moveTo(rows.chosen + page)
    case 'first':
      return moveTo(0)
    case 'last':
      return moveTo(rows.rows.length - 1)
    case 'next view':
      return { state: turnView(state, 1) }
    case 'previous view':
      return { state: turnView(state, -1) }
    case 'sort left':
      return { state: moveSort(state, -1) }
    case 'sort right':
      return { state: moveSort(state, 1) }
    case 'reverse':
      return { state: reverse(state) }
    case 'filter':
      return { state: withOverlay(state, { kind: 'filter', before: state.filter }) }
    case 'back':
      return { state: { ...state, filter: '' } }
    case 'help':
      return { state: withOverlay(state, { kind: 'help', scroll: 0 }) }
    case 'pause':
      return { state: { ...state, paused: state.paused === undefined ? snapshot : undefined } }
    case 'open':
    case 'release': {
      if (state.view !== 'locks') return { state }
      const lock = rows.rows[rows.chosen] as LockView | undefined
      if (lock === undefined) return { state }
      if (commandOf(key) === 'release') return { state: askRelease(state, lock) }
      const overlay = { kind: 'lock', resource: lock.resource, scroll: 0 } as const
      // The row that is shown stays the chosen one.
      return { state: withOverlay(moveTo(rows.chosen).state, overlay) }
    }
    default: {
      const view = VIEW_NAMES[Number(key.sequence) - 1]
      return { state: view === undefined ? state : { ...state, view } }
    }
  }
}

function handleHelpKey(
  state: TopState,
  key: Key,
  overlay: Overlay & { readonly kind: 'help' },
): KeyOutcome {
  const command = commandOf(key)
  if (command === 'quit') return quit(state)
  if (command !== 'up' && command !== 'down') return { state: withOverlay(state, { kind: 'none' }) }
  const scroll = Math.max(0, overlay.scroll + (command === 'up' ? -1 : 1))
  return { state: withOverlay(state, { ...overlay, scroll }) }
}

function handleLockKey(
  state: TopState,
  key: Key,
  snapshot: Snapshot,
  overlay: Overlay & { readonly kind: 'lock' },
): KeyOutcome {
  const scrollBy = (lines: number): KeyOutcome => {
    return {
      state: withOverlay(state, { ...overlay, scroll: Math.max(0, overlay.scroll + lines) }),
    }
  }
  switch (commandOf(key)) {
    case 'quit':
    case 'back':
    case 'open':
    case 'previous view':
      return { state: withOverlay(state, { kind: 'none' }) }
    case 'up':
      return scrollBy(-1)
    case 'down':
      return scrollBy(1)
    case 'page up':
      return scrollBy(-10)
    case 'page down':
      return scrollBy(10)
    case 'first':
      return scrollBy(-Infinity)
    case 'pause':
      return { state: { ...state, paused: state.paused === undefined ? snapshot : undefined } }
    case 'help':
      return { state: withOverlay(state, { kind: 'help', scroll: 0 }) }
    case 'release': {
      const lock = snapshot.locks.find(({ resource }) => resource === overlay.resource)
      return { state: lock === undefined ? state : askRelease(state, lock) }
    }
    default:
      return { state }
  }
}

type Command =
  | 'quit'
  | 'up'
  | 'down'
  | 'page up'
  | 'page down'
  | 'first'
  | 'last'
  | 'next view'
  | 'previous view'
  | 'sort left'
  | 'sort right'
  | 'reverse'
  | 'filter'
  | 'back'
  | 'help'
  | 'pause'
  | 'open'
  | 'release'

const BY_SEQUENCE: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['q', 'quit'],
  ['k', 'up'],
  ['j', 'down'],
  ['g', 'first'],
  ['G', 'last'],
  ['h', 'help'],
  ['?', 'help'],
  ['/', 'filter'],
  ['<', 'sort left'],
  ['>', 'sort right'],
  ['I', 'reverse'],
  [' ', 'pause'],
  ['p', 'pause'],
  ['r', 'release'],
])

const BY_NAME: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['up', 'up'],
  ['down', 'down'],
  ['pageup', 'page up'],
  ['pagedown', 'page down'],
  ['home', 'first'],
  ['end', 'last'],
  ['tab', 'next view'],
  ['right', 'next view'],
  ['left', 'previous view'],
  ['return', 'open'],
  ['enter', 'open'],
  ['escape', 'back'],
  ['f1', 'help'],
  ['f3', 'filter'],
  ['f10', 'quit'],
])

function commandOf({ name, sequence, ctrl, meta }: Key): Command | undefined {
  if (sequence === '\u001b[Z') return 'previous view'
  const plain = ctrl !== true && meta !== true ? BY_SEQUENCE.get(sequence ?? '') : undefined
  return plain ?? BY_NAME.get(name ?? '')
}

function editFilter(
  state: TopState,
  { name, sequence = '', ctrl, meta }: Key,
  before: string,
): TopState {
  const { filter } = state
  if (name === 'return' || name === 'enter') return withOverlay(state, { kind: 'none' })
  if (name === 'escape') return withOverlay({ ...state, filter: before }, { kind: 'none' })
  if (name === 'backspace') return { ...state, filter: filter.replace(/.$/su, '') }
  if (ctrl === true && name === 'u') return { ...state, filter: '' }
  const isText = ctrl !== true && meta !== true && /^\P{C}+$/u.test(sequence)
  if (!isText || filter.length >= MAX_FILTER_LENGTH) return state
  return { ...state, filter: filter + sequence }
}

function askRelease(state: TopState, { resource, id, owner }: LockView): TopState {
  if (id === '') return { ...state, message: 'No process holds it right now.' }
  const release = { resource, id, holder: describeOwner(owner) }
  return withOverlay(state, { kind: 'confirm', release, under: state.overlay })
}

/** Only `y` releases. Return does not: it can be meant for what was there a moment ago. */
function confirm(
  state: TopState,
  key: Key,
  { release, under }: Overlay & { readonly kind: 'confirm' },
): KeyOutcome {
  const closed = withOverlay(state, under)
  if (key.sequence !== 'y' && key.sequence !== 'Y')
    return { state: { ...closed, message: 'Not released.' } }
  return {
    // A paused view would keep showing the lock.
    state: { ...closed, paused: undefined },
    effect: { kind: 'release', resource: release.resource, id: release.id },
  }
}

function turnView(state: TopState, by: number): TopState {
  const index = VIEW_NAMES.indexOf(state.view) + by + VIEW_NAMES.length
  return { ...state, view: VIEW_NAMES[index % VIEW_NAMES.length] ?? state.view }
}

function moveSort(state: TopState, by: number): TopState {
  const { columns } = VIEWS[state.view]
  const { sort } = state.tables[state.view]
  const column = sort === undefined ? (by > 0 ? 0 : columns.length - 1) : sort.column + by
  const inside = Math.max(0, Math.min(column, columns.length - 1))
  // Numbers are most useful with the largest first.
  return withTable(state, {
    sort: { column: inside, isReversed: columns[inside]?.align === 'right' },
  })
}

function reverse(state: TopState): TopState {
  const { sort = { column: 0, isReversed: false } } = state.tables[state.view]
  return withTable(state, { sort: { ...sort, isReversed: !sort.isReversed } })
}

function withOverlay(state: TopState, overlay: Overlay): TopState {
  return { ...state, overlay }
}

function quit(state: TopState): KeyOutcome {
  return { state, effect: { kind: 'quit' } }
}
