/** @import { CommandView, EventView, InstanceView, RequestView } from '../src/live/live-types.js' */
/** @import { Store } from './store.js' */
import { byId, h, reconcile, svg } from './elements.js'
import { emptyState, whyNothing, showTable } from './table.js'
import { clockText, durationText, sizeParts, spanText } from './units.js'

const SHOWN_ROWS = 200

/** @param {Store} store */
export function showTiles({ now }) {
  if (now === undefined) return
  const { locks, instances, servers, rates, disk } = now
  const held = locks.filter(({ id }) => id !== '').length
  const waiting = locks.reduce((sum, { waiters }) => sum + waiters.length, 0)
  const running = instances.filter(({ state, waitingFor }) => state === 'live' && !waitingFor)
  const troubled = ['stopped', 'no answer'].flatMap((word) => {
    const count = instances.filter((instance) => instance.word === word).length
    return count === 0 ? [] : [`${count} ${word}`]
  })
  const perMinute = rates.perSecond.reduce((sum, count) => sum + count, 0)
  const requests = servers.reduce((sum, { perSecond }) => sum + perSecond, 0)
  const [size, unit] = disk === undefined ? ['', ''] : sizeParts(disk.bytes)
  const [free, freeUnit] = disk === undefined ? ['', ''] : sizeParts(disk.freeBytes)
  const tiles = [
    { title: 'locks held', value: String(held) },
    { title: 'waiting', value: String(waiting) },
    {
      title: 'running',
      value: String(running.length),
      note: troubled.join(', '),
      isAlert: troubled.length > 0,
    },
    { title: 'events in a minute', value: String(perMinute), counts: rates.perSecond },
    {
      title: 'requests a second',
      value: requests >= 10 ? String(Math.round(requests)) : requests.toFixed(1),
    },
    ...(disk === undefined
      ? []
      : [{ title: `in the home, ${free} ${freeUnit} free`, value: size, note: unit }]),
  ]
  reconcile(
    byId('tiles'),
    tiles.map(({ title, value, note = '', isAlert = false, counts }, place) => ({
      key: String(place),
      look: JSON.stringify([title, value, note, counts]),
      make: () =>
        h(
          'div',
          { class: isAlert ? 'tile alert' : 'tile' },
          h('dt', {}, title),
          h('dd', {}, value, note !== '' && h('small', {}, note)),
          counts !== undefined && drawSpark(counts),
        ),
    })),
  )
}

/** Bars for the last seconds. @param {readonly number[]} counts */
function drawSpark(counts) {
  const most = Math.max(1, ...counts)
  const bars = counts.map((count, second) => {
    const height = count === 0 ? 0.6 : Math.max(2, (count / most) * 20)
    return svg('rect', {
      x: second,
      y: (20 - height).toFixed(1),
      width: 0.7,
      height: height.toFixed(1),
    })
  })
  const frame = { class: 'spark', viewBox: `0 0 ${counts.length} 20`, preserveAspectRatio: 'none' }
  return svg('svg', { ...frame, 'aria-hidden': 'true' }, ...bars)
}

/** @param {Store} store */
export function showWarnings({ now }) {
  if (now === undefined) return
  const list = byId('warnings')
  list.hidden = now.warnings.length === 0
  reconcile(
    list,
    now.warnings.map(({ text }) => ({ key: text, look: text, make: () => h('li', {}, text) })),
  )
}

/** @param {Store} store */
export function showInstances({ now, commands, time }) {
  if (now === undefined) return
  const doing = new Map(
    [...commands.values()].flatMap(({ instance, command, to }) =>
      to === undefined ? [[instance, command]] : [],
    ),
  )
  showTable(byId('instances-body'), now.instances, {
    label: 'Instances',
    unknown: whyNothing(now, 'instances'),
    key: ({ name, instance, pid }) => `${instance || pid} ${name}`,
    empty: () =>
      emptyState('No CLI is running.', 'See how to add the kit to yours:', 'cli-ops init'),
    columns: [
      { title: 'Name', class: 'name', text: ({ name }) => name },
      { title: 'Command', text: ({ instance, command }) => doing.get(instance) ?? command ?? '–' },
      { title: 'Pid', class: 'number rare', text: ({ pid }) => String(pid) },
      { title: 'Up', class: 'number', text: ({ since }) => spanText(time - since) },
      {
        title: 'State',
        text: ({ word, answers }) => (word === 'running' && answers ? 'running, answers' : word),
        mood: ({ state, waitingFor }) => (state === 'hung' ? 'bad' : waitingFor ? '' : 'good'),
      },
      { title: 'Version', class: 'short rare', text: ({ version }) => version ?? '–' },
    ],
  })
}

/** @param {Store} store */
export function showCommands({ now, commands, time }) {
  if (now === undefined) return
  const words = new Map(now.instances.map(({ instance, word }) => [instance, word]))
  showTable(byId('commands-body'), newestFirst(commands), {
    label: 'Commands',
    unknown: whyNothing(now, 'events'),
    key: ({ key }) => String(key),
    empty: () =>
      emptyState(
        'No recent commands.',
        'To see them as events:',
        "cli-ops events --follow --type 'command:*'",
      ),
    columns: [
      { title: 'Began', class: 'short', text: ({ from, to }) => clockText(from ?? to ?? 0) },
      { title: 'Command', class: 'name', text: ({ cli, command }) => `${cli} ${command}` },
      {
        title: 'Took',
        class: 'number',
        text: ({ durationMs, from, to }) =>
          durationMs !== undefined
            ? durationText(durationMs)
            : spanText((to ?? time) - (from ?? to ?? time)),
      },
      {
        title: 'Outcome',
        class: 'short',
        text: ({ instance, outcome = words.get(instance) ?? 'running', exitCode }) =>
          outcome === 'failed' && exitCode !== undefined ? `failed (${exitCode})` : outcome,
        mood: ({ outcome }) =>
          outcome === undefined ? '' : outcome === 'completed' ? 'good' : 'bad',
      },
    ],
  })
}

/** @param {Store} store */
export function showRequests({ now, requests, time }) {
  if (now === undefined) return
  const running = now.servers.flatMap(({ name, instance, running: list }) =>
    list.map(({ method, since }, place) => ({
      id: `${instance} ${place}`,
      at: time,
      server: name,
      method,
      durationMs: time - since,
      outcome: 'running',
    })),
  )
  const ended = newestFirst(requests).map((request) => ({ ...request, id: String(request.key) }))
  showTable(byId('requests-body'), [...running, ...ended], {
    label: 'Requests',
    unknown: whyNothing(now, 'instances'),
    key: ({ id }) => id,
    empty: () =>
      now.servers.length === 0
        ? emptyState(
            'Nobody answers requests.',
            'A CLI does with the option “serve”; ask it with',
            'cli-ops call <name> <method>',
          )
        : emptyState(
            'No recent requests.',
            'Ask for something:',
            `cli-ops call ${now.servers[0]?.name ?? ''} <method>`,
          ),
    columns: [
      {
        title: 'Ended',
        class: 'short rare',
        text: ({ at, outcome }) => (outcome === 'running' ? 'now' : clockText(at)),
      },
      { title: 'Method', class: 'name', text: ({ method }) => method },
      { title: 'Server', text: ({ server }) => server },
      {
        title: 'Took',
        class: 'number',
        text: ({ durationMs, outcome }) =>
          outcome === 'running' ? spanText(durationMs) : durationText(durationMs),
      },
      {
        title: 'Outcome',
        class: 'short',
        text: ({ outcome }) => outcome,
        mood: ({ outcome }) =>
          outcome === 'answered' ? 'good' : outcome === 'running' ? '' : 'bad',
      },
    ],
  })
}

/**
 * @param {Store} store
 * @param {{ filter: string, until: number }} options `until` is the newest that is shown
 */
export function showEvents({ now, events }, { filter, until }) {
  if (now === undefined) return
  const matches = matcherOf(filter)
  const all = newestFirst(events).filter(({ key }) => key <= until)
  const shown = all.filter(matches).slice(0, SHOWN_ROWS)
  showTable(byId('events-body'), shown, {
    label: 'Events',
    unknown: whyNothing(now, 'events'),
    key: ({ key }) => String(key),
    empty: () =>
      all.length === 0
        ? emptyState(
            'No event is kept.',
            'They are kept for a minute or so. Send one:',
            'cli-ops emit build:done',
          )
        : h('p', { class: 'empty' }, 'No event matches the filter.'),
    columns: [
      { title: 'Time', class: 'short', text: ({ at }) => clockText(at) },
      { title: 'Type', class: 'name type', text: ({ type }) => type },
      { title: 'Data', class: 'data', text: ({ data }) => data },
      {
        title: 'Source',
        class: 'data rarer',
        text: ({ source }) => source.replace(/^\/cli-ops\//u, ''),
      },
    ],
  })
}

/** A pattern such as `task:*` is about the type; anything else is looked for in all of it. @param {string} filter */
function matcherOf(filter) {
  const wanted = filter.trim().toLowerCase()
  const prefix = /^(.*:)\*$/u.exec(wanted)?.[1]
  /** @param {EventView} event */
  return ({ type, data, source }) =>
    prefix === undefined
      ? `${type}\n${data}\n${source}`.toLowerCase().includes(wanted === '*' ? '' : wanted)
      : type.toLowerCase().startsWith(prefix)
}

/**
 * @template {{ readonly key: number }} T
 * @param {Map<number, T>} kept
 */
function newestFirst(kept) {
  return [...kept.values()].sort((a, b) => b.key - a.key).slice(0, SHOWN_ROWS)
}
