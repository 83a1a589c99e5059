import { cutText, fitText, printable, sizeText, type Style, widthOf } from '@cli-ops/shared-ipc/ops'
import type { Snapshot } from '../live/live-types.js'
import { HELP_LINES } from './help-lines.js'
import { type Line, lockLines } from './lock-lines.js'
import { cellsOf, headingOf, fitColumns } from './table.js'
import type { TopState } from './top-state.js'
import { emptyText, VIEW_NAMES, VIEWS } from './views.js'
import { visibleRows } from './visible-rows.js'

/** Size of a terminal. */
export interface Size {
  readonly columns: number
  readonly rows: number
}

const BARS = ' ▁▂▃▄▅▆▇█'
const RATE_SECONDS = 30
const MAX_WARNINGS = 3

/** Returns the number of table rows that fit, for paging. */
export function pageSize(snapshot: Snapshot, { rows }: Size): number {
  return Math.max(1, rows - headHeight(snapshot, rows) - 3)
}

/** Draws one frame: exactly as many lines as rows, none wider than the terminal. */
export function drawTop(state: TopState, snapshot: Snapshot, size: Size, style: Style): string[] {
  const { columns, rows } = size
  const head = drawHead(state, snapshot, size, style)
  const footer = drawFooter(state, columns, style)
  const height = Math.max(0, rows - head.length - 1)
  const body = drawBody(state, snapshot, columns, height, style)
  const filled = Array.from({ length: height }, (_, row) => body[row] ?? '')
  return [...head, ...filled, footer].slice(0, rows)
}

function headHeight({ warnings }: Snapshot, rows: number): number {
  // If space is tight, it belongs to the table.
  return rows < 10 ? 1 : 3 + Math.min(warnings.length, MAX_WARNINGS)
}

function drawHead(state: TopState, snapshot: Snapshot, size: Size, style: Style): string[] {
  const { columns, rows } = size
  const { warnings, place } = snapshot
  const tabs = drawTabs(state, snapshot, columns, style)
  if (rows < 10) return [tabs]
  const namespace = place.namespace === '' ? '' : ` (namespace ${place.namespace})`
  const paused = state.paused === undefined ? '' : ' PAUSED '
  const title = cutText(
    printable(`cli-ops top  ${place.where}${namespace}`),
    columns - widthOf(paused) - 1,
    widthOf,
  )
  const fill = ' '.repeat(Math.max(0, columns - widthOf(title) - widthOf(paused)))
  const shown = warnings.slice(0, MAX_WARNINGS)
  const more = warnings.length - shown.length
  return [
    `${style.bold(title)}${fill}${style.reverse(paused)}`,
    drawSummary(snapshot, columns, style),
    ...shown.map(({ text }, index) => {
      const rest = more > 0 && index === shown.length - 1 ? ` (and ${more} more)` : ''
      return style.doubtful(
        fitText(
          `! ${cutText(printable(text), columns - 2 - rest.length, widthOf)}${rest}`,
          columns,
        ),
      )
    }),
    tabs,
  ]
}

function drawSummary(snapshot: Snapshot, columns: number, style: Style): string {
  const { locks, instances, servers, rates, disk } = snapshot
  const held = locks.filter(({ id }) => id !== '').length
  const waiting = locks.reduce((sum, { waiters }) => sum + waiters.length, 0)
  const last = rates.perSecond.slice(-11, -1).reduce((sum, count) => sum + count, 0) / 10
  const requests = servers.reduce((sum, { perSecond }) => sum + perSecond, 0)
  const parts = [
    `${held} held, ${waiting} waiting`,
    instanceCounts(instances),
    `${rateText(last)} events/s ${sparkline(rates.perSecond.slice(-RATE_SECONDS))}`,
    ...(servers.length > 0 ? [`${rateText(requests)} requests/s`] : []),
    ...(disk === undefined
      ? []
      : [`home ${sizeText(disk.bytes)}, ${sizeText(disk.freeBytes)} free`]),
  ]
  return style.dim(fitText(joinWhole(parts, columns), columns))
}

/** `3 instances, 1 stopped`: the number of rows in the table, whatever their state. */
function instanceCounts(instances: Snapshot['instances']): string {
  const others = ['stopped', 'no answer'].flatMap((word) => {
    const count = instances.filter((instance) => instance.word === word).length
    return count === 0 ? [] : [`${count} ${word}`]
  })
  const all = instances.length === 1 ? '1 instance' : `${instances.length} instances`
  return [all, ...others].join(', ')
}

/** Joins as many parts as fit whole. */
function joinWhole(parts: readonly string[], columns: number): string {
  let line = ''
  for (const part of parts) {
    const longer = line === '' ? part : `${line}   ${part}`
    if (line !== '' && widthOf(longer) > columns) break
    line = longer
  }
  return line
}

function rateText(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1)
}

function sparkline(counts: readonly number[]): string {
  const most = Math.max(1, ...counts)
  return counts
    .map((count) => BARS[count === 0 ? 0 : Math.max(1, Math.round((count / most) * 8))])
    .join('')
}

function drawTabs(state: TopState, snapshot: Snapshot, columns: number, style: Style): string {
  let used = 0
  let line = ''
  for (const [index, name] of VIEW_NAMES.entries()) {
    const text = ` ${index + 1} ${VIEWS[name].title} ${VIEWS[name].rows(snapshot).length} `
    if (used + text.length > columns) break
    used += text.length
    line += name === state.view ? style.bold(style.reverse(text)) : text
  }
  const filter = state.filter === '' ? '' : `  filter: ${printable(state.filter)}`
  return line + style.accent(cutText(filter, columns - used, widthOf))
}

function drawBody(
  state: TopState,
  snapshot: Snapshot,
  columns: number,
  height: number,
  style: Style,
): string[] {
  const { overlay } = state
  const shown = overlay.kind === 'confirm' ? overlay.under : overlay
  if (shown.kind === 'help') return drawLines(HELP_LINES, shown.scroll, columns, height, style)
  if (shown.kind === 'lock')
    return drawLines(lockLines(shown.resource, snapshot), shown.scroll, columns, height, style)
  return drawTable(state, snapshot, columns, height, style)
}

function drawLines(
  lines: readonly Line[],
  scroll: number,
  columns: number,
  height: number,
  style: Style,
): string[] {
  const first = Math.max(0, Math.min(scroll, lines.length - height))
  return lines.slice(first, first + height).map(({ text, style: name }) => {
    const fitted = cutText(text, columns, widthOf)
    return name === undefined ? fitted : style[name](fitted)
  })
}

function drawTable(
  state: TopState,
  snapshot: Snapshot,
  columns: number,
  height: number,
  style: Style,
): string[] {
  const { view, rows, total, chosen } = visibleRows(state, snapshot)
  const now = snapshot.at
  if (rows.length === 0) {
    const text =
      total === 0
        ? emptyText(view, snapshot)
        : `None of ${total} matches the filter; Esc shows all.`
    return ['', cutText(`  ${text}`, columns, widthOf)]
  }
  const room = Math.max(1, height - 1)
  const first = Math.max(0, Math.min(chosen - Math.floor(room / 2), rows.length - room))
  const seen = rows.slice(first, first + room)
  const fitted = fitColumns(view.columns, seen, now, columns)
  const heading = fitText(headingOf(fitted, state.tables[state.view].sort), columns)
  return [
    style.dim(heading),
    ...seen.map((row, index) => {
      const cells = cellsOf(fitted, row, now)
      if (first + index === chosen)
        return style.reverse(fitText(cells.map(({ text }) => text).join('  '), columns))
      const line = cells.map(({ text, style: name }) =>
        name === undefined ? text : style[name](text),
      )
      return line.join('  ')
    }),
  ]
}

function drawFooter(
  { overlay, filter, message, view }: TopState,
  columns: number,
  style: Style,
): string {
  if (overlay.kind === 'filter')
    return `${cutText(`/${printable(filter)}`, columns - 1, widthOf)}${style.reverse(' ')}`
  if (overlay.kind === 'confirm') {
    const { resource, holder } = overlay.release
    const end = ' [y/N] '
    // The answer must stay visible however long the names are.
    const question = cutText(
      printable(`Release “${resource}” from ${holder}? It keeps running, without the lock.`),
      columns - end.length,
      widthOf,
    )
    return style.bold(style.doubtful(fitText(question + end, columns)))
  }
  if (message !== undefined) return style.bold(fitText(printable(message), columns))
  const lockKeys = view === 'locks' ? [KEYS.queue, KEYS.release] : []
  const keys =
    overlay.kind === 'help'
      ? [KEYS.scroll, KEYS.anyKey]
      : overlay.kind === 'lock'
        ? [KEYS.back, KEYS.scroll, KEYS.release, KEYS.pause, KEYS.help]
        : [KEYS.help, KEYS.table, KEYS.filter, KEYS.sort, KEYS.pause, ...lockKeys, KEYS.quit]
  return style.dim(fitText(fittedKeys(keys, columns), columns))
}

/** The keys of the footer, and which of them give way first where there is little room. */
const KEYS = {
  help: { text: '? help', importance: 0 },
  quit: { text: 'q quit', importance: 0 },
  back: { text: 'q back', importance: 0 },
  anyKey: { text: 'any other key: back', importance: 0 },
  release: { text: 'r release', importance: 1 },
  queue: { text: 'Enter queue', importance: 2 },
  table: { text: 'Tab table', importance: 3 },
  filter: { text: '/ filter', importance: 4 },
  scroll: { text: '↑ ↓ scroll', importance: 5 },
  pause: { text: 'Space pause', importance: 6 },
  sort: { text: '< > sort', importance: 7 },
} as const

function fittedKeys(keys: readonly (typeof KEYS)[keyof typeof KEYS][], columns: number): string {
  const line = keys.map(({ text }) => text).join('   ')
  const last = Math.max(...keys.map(({ importance }) => importance))
  if (widthOf(line) <= columns || last === 0) return line
  return fittedKeys(
    keys.filter(({ importance }) => importance < last),
    columns,
  )
}
