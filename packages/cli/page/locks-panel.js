/** @import { HoldView, LockView, QueueView } from '../src/live/live-types.js' */
/** @import { Store } from './store.js' */
import { byId, h, reconcile } from './elements.js'
import { hueOf, programOf, shellWord, spanText, whereabouts } from './format.js'
import { drawLane, WINDOW_MS } from './lane.js'
import { askRelease } from './release.js'
import { emptyState, unknownState, whyNothing } from './table.js'

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
      const waited = `${waiter.isLonger ? '> ' : ''}${spanText(now - waiter.since)}`
      const text = programOf(waiter)
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
  const { id, owner, since, mode } = lock
  if (id === '') return { text: 'free at this moment', note: '', state: '', hue: '' }
  const shared = mode === 'shared' ? ', shared' : ''
  return {
    text: programOf(owner),
    note: ` for ${spanText(now - since)}${shared}`,
    state: owner.state === 'running' ? '' : owner.state,
    hue: hueOf(programOf(owner)),
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
  const isHeld = lock !== undefined && lock.id !== ''
  // Made anew for another holder only: text that is selected, and a button with the focus, stay.
  const look = isHeld ? `${lock.id} ${lock.owner.state}` : ''
  if (before !== null && before.getAttribute('data-look') === look) return
  const details = h('div', { class: 'details', 'data-look': look })
  before?.remove()
  row.append(details)
  if (!isHeld) {
    details.append('Nobody holds it now.')
    return
  }
  const { owner, id, token: fencing, mode, since } = lock
  const command = `cli-ops locks release ${shellWord(resource)} --id ${id}`
  const facts = [
    ['Holder', `${programOf(owner)} (${whereabouts(owner)})`],
    [
      'State',
      owner.state === 'stopped' ? `stopped; kill -CONT ${owner.pid} resumes it` : owner.state,
    ],
    ['Since', new Date(since).toLocaleString()],
    ['Mode', mode],
    ['Id', id],
    ['Fencing token', fencing],
  ]
  const terms = facts.flatMap(([title = '', text = '']) => [h('dt', {}, title), h('dd', {}, text)])
  details.append(
    h(
      'dl',
      { class: 'facts' },
      ...terms,
      h('dt', {}, 'To free it'),
      h('dd', {}, h('code', { class: 'how' }, command)),
    ),
  )
  if (token === undefined) return
  const ask = () => {
    askRelease(token, { resource, id, holder: `${programOf(owner)} (${whereabouts(owner)})` })
  }
  details.append(
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'button', class: 'danger', onclick: ask }, 'Release …'),
    ),
  )
}
