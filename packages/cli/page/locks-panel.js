/** @import { HoldView, LockView, QueueView } from '../src/live/live-types.js' */
/** @import { Store } from './store.js' */
import { byId, h, reconcile } from './elements.js'
import { holdingOf, hueOf, programOf, shellWord, whereabouts, workOf } from './format.js'
import { drawLane, WINDOW_MS } from './lane.js'
import { askRelease } from './release.js'
import { emptyState, unknownState, whyNothing } from './table.js'
import { spanText } from './units.js'

const SHOWN_WAITERS = 12

/** How often a lane moves on although nothing changes. */
const LANE_MS = 2500

/** Resources whose details are open. @type {Set<string>} */
const open = new Set()

/** @param {Store} store @param {string} token @param {() => void} redraw */
export function showLocks(store, token, redraw) {
  const snapshot = store.now
  if (snapshot === undefined) return
  const now = store.time
  const held = new Map(snapshot.locks.map((lock) => [lock.resource, lock]))
  const holds = Map.groupBy([...store.holds.values()], ({ resource }) => resource)
  const queues = Map.groupBy([...store.queues.values()], ({ resource }) => resource)
  // Those that are free but were held a moment ago stay in sight, in their place.
  const recent = [...holds].flatMap(([resource, list]) =>
    list.some(({ to = now }) => to > now - WINDOW_MS) ? resource : [],
  )
  const resources = [...new Set([...held.keys(), ...recent])].sort((a, b) => a.localeCompare(b))
  const body = byId('locks-body')
  if (resources.length === 0) {
    const unknown = whyNothing(snapshot, 'locks')
    const empty = () =>
      emptyState(
        'No lock is held.',
        'Run anything under one:',
        'cli-ops run --lock deploy -- ./deploy.sh',
      )
    const make = unknown === '' ? empty : () => unknownState(unknown)
    reconcile(body, [{ key: 'empty', look: unknown, make }])
    return
  }
  reconcile(
    body,
    resources.map((resource) => ({
      key: `lock ${resource}`,
      look: '',
      make: () => newRow(resource, redraw),
    })),
  )
  for (const row of body.children) {
    const resource = (row.getAttribute('data-key') ?? '').slice('lock '.length)
    const lock = held.get(resource)
    fillRow(row, resource, lock, now)
    showLane(row, resource, holds.get(resource) ?? [], queues.get(resource) ?? [], now)
    showDetails(row, resource, lock, now, snapshot.allowRelease ? token : undefined)
  }
}

/**
 * @param {Element} row
 * @param {string} resource
 * @param {HoldView[]} holds
 * @param {QueueView[]} queues
 * @param {number} now
 */
function showLane(row, resource, holds, queues, now) {
  const lane = row.querySelector('.lane')
  if (lane === null) return
  const revision = Math.max(0, ...[...holds, ...queues].map((item) => item.revision))
  // Drawing anew closes the tip that somebody reads.
  const look = `${revision} ${Math.floor(now / LANE_MS)}`
  if (lane.getAttribute('data-look') === look) return
  const drawn = drawLane(resource, holds, queues, now)
  drawn.setAttribute('data-look', look)
  lane.replaceWith(drawn)
}

/** @param {string} resource @param {() => void} redraw */
function newRow(resource, redraw) {
  const toggle = () => {
    if (!open.delete(resource)) open.add(resource)
    redraw()
  }
  return h(
    'article',
    { class: 'lock' },
    h(
      'div',
      { class: 'what' },
      h(
        'button',
        { class: 'name', type: 'button', 'aria-expanded': 'false', onclick: toggle },
        resource,
      ),
      h('p', { class: 'holder' }),
      h('ol', { class: 'queue', 'aria-label': `waiting for ${resource}, next first` }),
    ),
    h('div', { class: 'lane' }),
  )
}

/** @param {Element} row @param {string} resource @param {LockView | undefined} lock @param {number} now */
function fillRow(row, resource, lock, now) {
  row.querySelector('.name')?.setAttribute('aria-expanded', String(open.has(resource)))
  const holder = row.querySelector('.holder')
  if (holder !== null) {
    const parts = holderParts(lock, now)
    reconcile(holder, [{ key: 'holder', look: JSON.stringify(parts), make: () => holderOf(parts) }])
  }
  const queue = row.querySelector('.queue')
  if (queue === null) return
  const waiters = lock?.waiters ?? []
  const more = waiters.length - SHOWN_WAITERS
  const rest = {
    key: 'more',
    look: String(more),
    make: () => h('li', { class: 'chip' }, h('b', {}, `and ${more} more`)),
  }
  reconcile(queue, [
    ...waiters.slice(0, SHOWN_WAITERS).map((waiter, place) => {
      const waited = spanText(now - waiter.since)
      const text = `${workOf(waiter)}${waiter.mode === 'shared' ? ', to share' : ''}`
      const mood = waiter.state === 'running' ? '' : ` (${waiter.state})`
      return {
        key: `${waiter.pid} ${waiter.since} ${place}`,
        look: waited + text + mood,
        make: () =>
          h(
            'li',
            { class: 'chip' },
            h('b', {}, `${place + 1}. `),
            `${text}${mood} `,
            h('b', {}, waited),
          ),
      }
    }),
    ...(more > 0 ? [rest] : []),
  ])
}

/** @param {LockView | undefined} lock @param {number} now */
function holderParts(lock, now) {
  if (lock === undefined) return { text: 'free', note: '', state: '', hue: '' }
  const { holders, mode } = lock
  const [first, ...others] = holders
  if (first === undefined) return { text: 'free at this moment', note: '', state: '', hue: '' }
  const shared = mode === 'shared' ? ', shared' : ''
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return {
    text: holdingOf(first),
    note: ` for ${spanText(now - first.since)}${more}${shared}`,
    state: first.state === 'running' ? '' : first.state,
    hue: hueOf(programOf(first)),
  }
}

/** @param {ReturnType<typeof holderParts>} parts */
function holderOf({ text, note, state, hue }) {
  if (hue === '') return h('span', { class: 'quiet' }, text)
  return h(
    'span',
    {},
    h('span', { class: `dot ${hue}`, 'aria-hidden': 'true' }),
    text,
    h('span', { class: 'quiet' }, note),
    state !== '' && h('span', { class: 'bad' }, ` ${state}`),
  )
}

/**
 * @param {Element} row
 * @param {string} resource
 * @param {LockView | undefined} lock
 * @param {number} now
 * @param {string | undefined} token where locks may be released
 */
function showDetails(row, resource, lock, now, token) {
  const before = row.querySelector('.details')
  if (!open.has(resource)) {
    before?.remove()
    return
  }
  const holders = lock?.holders ?? []
  // Made anew for other holders only: text that is selected, and a button with the focus, stay.
  const look = holders.map(({ id, state }) => `${id} ${state}`).join()
  if (before !== null && before.getAttribute('data-look') === look) return
  const details = h('div', { class: 'details', 'data-look': look })
  before?.remove()
  row.append(details)
  if (lock === undefined || holders.length === 0) details.append('Nobody holds it now.')
  else
    for (const holder of holders) details.append(...detailsOf(resource, lock.mode, holder, token))
}

/**
 * @param {string} resource
 * @param {LockView['mode']} mode
 * @param {LockView['holders'][number]} holder
 * @param {string | undefined} token where locks may be released
 */
function detailsOf(resource, mode, holder, token) {
  const { id, token: fencing, since, state, pid, slot } = holder
  const who = `${workOf(holder)} (${whereabouts(holder)})`
  const command = `cli-ops locks release ${shellWord(resource)} --id ${id}`
  const facts = [
    ['Holder', who],
    ['State', state === 'stopped' ? `stopped; kill -CONT ${pid} resumes it` : state],
    ['Since', new Date(since).toLocaleString()],
    ...(slot === undefined ? [] : [['Slot', slot]]),
    ['Mode', mode],
    ['Id', id],
    ['Fencing token', fencing],
  ]
  const terms = facts.flatMap(([title = '', text = '']) => [h('dt', {}, title), h('dd', {}, text)])
  const list = h(
    'dl',
    { class: 'facts' },
    ...terms,
    h('dt', {}, 'To free it'),
    h('dd', {}, h('code', { class: 'how' }, command)),
  )
  if (token === undefined) return [list]
  const ask = () => {
    askRelease(token, { resource, id, holder: who })
  }
  const button = h('button', { type: 'button', class: 'danger', onclick: ask }, 'Release …')
  return [list, h('div', { class: 'buttons' }, button)]
}
