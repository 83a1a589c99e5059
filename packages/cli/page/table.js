/** @import { PageSnapshot } from './stream.js' */
import { h, reconcile } from './elements.js'

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: Row) => string} text
 * @property {string} [class]
 * @property {(row: Row) => string} [mood] a further class of the cell
 */

/**
 * Shows rows as a table, or a word on what to do where there are none.
 *
 * @template Row
 * @param {HTMLElement} body
 * @param {readonly Row[]} rows
 * @param {object} options
 * @param {readonly Column<Row>[]} options.columns
 * @param {(row: Row) => string} options.key
 * @param {() => HTMLElement} options.empty
 * @param {string} options.label
 * @param {string} options.unknown why nothing is known, where that is so
 */
export function showTable(body, rows, { columns, key, empty, label, unknown }) {
  const kind = rows.length > 0 ? 'table' : unknown === '' ? 'empty' : unknown
  const make = () => {
    if (kind === 'table') return emptyTable(columns, label)
    return kind === 'empty' ? empty() : unknownState(unknown)
  }
  reconcile(body, [{ key: 'all', look: kind, make }])
  const tbody = body.querySelector('tbody')
  if (tbody === null) return
  reconcile(
    tbody,
    rows.map((row) => {
      const cells = columns.map(({ text, mood, class: name = '' }) => ({
        text: text(row),
        class: mood === undefined ? name : `${name} ${mood(row)}`,
      }))
      return {
        key: key(row),
        look: JSON.stringify(cells),
        make: () => h('tr', {}, ...cells.map((cell) => h('td', { class: cell.class }, cell.text))),
      }
    }),
  )
}

/**
 * @param {readonly { title: string, class?: string }[]} columns
 * @param {string} label
 */
function emptyTable(columns, label) {
  const titles = columns.map((column) =>
    h('th', { scope: 'col', class: column.class }, column.title),
  )
  return h(
    'div',
    // What scrolls has to be reached by the keyboard.
    { class: 'table', tabindex: 0, role: 'region', 'aria-label': label },
    h('table', {}, h('thead', {}, h('tr', {}, ...titles)), h('tbody')),
  )
}

/**
 * Says why nothing is known of a part, so that nothing to show does not mean that there is nothing; empty where it does.
 *
 * @param {PageSnapshot} snapshot
 * @param {'locks' | 'instances' | 'events'} part
 */
export function whyNothing({ problems, pending }, part) {
  if (pending.includes(part)) return 'Looking …'
  if (problems.some((problem) => problem.part === part))
    return 'This cannot be read; the warning above says why.'
  return ''
}

/** What is said where nothing is known. @param {string} why */
export function unknownState(why) {
  return h('p', { class: 'empty' }, why)
}

/**
 * What is said where there is nothing to show.
 *
 * @param {string} text
 * @param {string} hint
 * @param {string} command
 */
export function emptyState(text, hint, command) {
  return h('p', { class: 'empty' }, `${text} ${hint} `, h('code', {}, command))
}
