import { clockText, durationText, spanText } from '@cli-ops/shared-ipc/ops'
import type {
  CommandView,
  EventView,
  InstanceView,
  LockView,
  OwnerView,
  PartName,
  RequestView,
  Snapshot,
} from '../live/live-types.js'
import type { Column } from './table.js'

/** The available tables. */
export const VIEW_NAMES = ['locks', 'instances', 'events', 'commands', 'requests'] as const

export type ViewName = (typeof VIEW_NAMES)[number]

/** One table: its rows, its columns, and the text for an empty one. */
export interface View<Row = unknown> {
  readonly title: string
  /** The part of the snapshot that it needs. */
  readonly part: PartName
  readonly columns: readonly Column<Row>[]
  readonly rows: (snapshot: Snapshot) => readonly Row[]
  /** Identifies a row across snapshots. */
  readonly key: (row: Row) => string
  /** The initial sort column, by title; without it, rows keep their order. */
  readonly sort?: { readonly title: string; readonly isReversed: boolean }
  readonly empty: string
}

/** A running or ended request. */
interface RequestRow extends Omit<RequestView, 'revision' | 'outcome' | 'durationMs' | 'key'> {
  readonly key: string
  readonly outcome: RequestView['outcome'] | 'running'
  readonly durationMs?: number
}

function programOf({ name, command }: OwnerView): string {
  return command === undefined ? name : `${name} ${command}`
}

const LOCKS: View<LockView> = {
  title: 'Locks',
  part: 'locks',
  rows: ({ locks }) => locks,
  key: ({ resource }) => resource,
  empty: 'No lock is held or waited for.',
  columns: [
    { title: 'RESOURCE', importance: 0, text: ({ resource }) => resource, style: () => 'bold' },
    {
      title: 'HOLDER',
      importance: 0,
      text: ({ owner, holders }) => {
        const [first, ...others] = holders
        if (first === undefined) return `(next) ${programOf(owner)}`
        const label = first.label === undefined ? '' : ` ${JSON.stringify(first.label)}`
        const slot = first.slot === undefined ? '' : ` on ${first.slot}`
        return `${programOf(first)}${label}${slot}${others.length === 0 ? '' : ` +${others.length}`}`
      },
    },
    {
      title: 'PID',
      importance: 3,
      align: 'right',
      maxWidth: 8,
      text: ({ owner }) => (owner.pid > 0 ? String(owner.pid) : '-'),
      rank: ({ owner }) => owner.pid,
    },
    {
      title: 'HELD',
      importance: 1,
      align: 'right',
      maxWidth: 10,
      text: ({ id, since }, now) => (id === '' ? '-' : spanText(now - since)),
      rank: ({ id, since }, now) => (id === '' ? 0 : now - since),
    },
    {
      title: 'WAIT',
      importance: 1,
      align: 'right',
      maxWidth: 6,
      text: ({ waiters }) => (waiters.length === 0 ? '-' : String(waiters.length)),
      rank: ({ waiters }) => waiters.length,
      style: ({ waiters }) => (waiters.length === 0 ? 'dim' : 'doubtful'),
    },
    {
      title: 'LONGEST',
      importance: 4,
      align: 'right',
      maxWidth: 11,
      text: ({ waiters: [first] }, now) =>
        first === undefined ? '-' : spanText(now - first.since),
      rank: ({ waiters: [first] }, now) => (first === undefined ? 0 : now - first.since),
    },
    {
      title: 'STATE',
      importance: 2,
      maxWidth: 8,
      text: ({ id, owner, closedUntil }) =>
        id !== '' ? owner.state : closedUntil === undefined ? 'free' : 'closed',
      style: ({ owner }) => (owner.state === 'running' ? 'good' : 'bad'),
    },
    { title: 'MODE', importance: 5, maxWidth: 9, text: ({ mode }) => mode },
    {
      title: 'WHERE',
      importance: 6,
      maxWidth: 24,
      text: ({ owner: { user, host } }) =>
        user !== '' && host !== '' ? `${user}@${host}` : user || host,
    },
    { title: 'ID', importance: 7, maxWidth: 28, text: ({ id }) => id || '-', style: () => 'dim' },
  ],
}

const INSTANCES: View<InstanceView & { readonly doing: string }> = {
  title: 'Instances',
  part: 'instances',
  rows: ({ instances, commands }) =>
    instances.map((instance) => ({
      ...instance,
      doing:
        commands.findLast((run) => run.instance === instance.instance && run.to === undefined)
          ?.command ??
        instance.command ??
        '',
    })),
  key: ({ name, instance, pid }) => `${instance || pid} ${name}`,
  empty: 'No CLI is running.',
  columns: [
    { title: 'NAME', importance: 0, text: ({ name }) => name, style: () => 'bold' },
    { title: 'COMMAND', importance: 2, text: ({ doing }) => doing || '-' },
    {
      title: 'PID',
      importance: 1,
      align: 'right',
      maxWidth: 8,
      text: ({ pid }) => String(pid),
      rank: ({ pid }) => pid,
    },
    {
      title: 'STATE',
      importance: 1,
      maxWidth: 32,
      text: ({ word }) => word,
      style: ({ state, waitingFor }) => moodOf(state, waitingFor),
    },
    {
      title: 'UP',
      importance: 1,
      align: 'right',
      maxWidth: 10,
      text: ({ since }, now) => spanText(now - since),
      rank: ({ since }, now) => now - since,
    },
    { title: 'VERSION', importance: 3, maxWidth: 12, text: ({ version }) => version ?? '-' },
    {
      title: 'ANSWERS',
      importance: 4,
      maxWidth: 8,
      text: ({ answers }) => (answers ? 'yes' : 'no'),
    },
    {
      title: 'INSTANCE',
      importance: 5,
      maxWidth: 14,
      text: ({ instance }) => instance || '-',
      style: () => 'dim',
    },
  ],
}

const EVENTS: View<EventView> = {
  title: 'Events',
  part: 'events',
  rows: ({ events }) => events,
  key: ({ key }) => String(key),
  sort: { title: 'TIME', isReversed: true },
  empty: 'No event is kept. They are kept for a minute or so.',
  columns: [
    {
      title: 'TIME',
      importance: 1,
      maxWidth: 8,
      text: ({ at }) => clockText(at),
      rank: ({ key }) => key,
    },
    { title: 'TYPE', importance: 0, maxWidth: 28, text: ({ type }) => type, style: () => 'bold' },
    { title: 'DATA', importance: 0, text: ({ data }) => data },
    {
      title: 'SOURCE',
      importance: 2,
      maxWidth: 40,
      text: ({ source }) => source,
      style: () => 'dim',
    },
  ],
}

const COMMANDS: View<CommandView & { readonly doing: string }> = {
  title: 'Commands',
  part: 'events',
  rows: ({ commands, instances }) => {
    const words = new Map(instances.map(({ instance, word }) => [instance, word]))
    return commands.map((run) => ({ ...run, doing: words.get(run.instance) ?? 'running' }))
  },
  key: ({ key }) => String(key),
  sort: { title: 'BEGAN', isReversed: true },
  empty: 'No recent commands.',
  columns: [
    {
      title: 'BEGAN',
      importance: 1,
      maxWidth: 8,
      text: ({ from }) => (from === undefined ? '-' : clockText(from)),
      rank: ({ key }) => key,
    },
    { title: 'CLI', importance: 0, maxWidth: 24, text: ({ cli }) => cli },
    { title: 'COMMAND', importance: 0, text: ({ command }) => command, style: () => 'bold' },
    {
      title: 'TOOK',
      importance: 1,
      align: 'right',
      maxWidth: 10,
      // Its end was noticed later.
      text: (run, now) =>
        `${run.outcome === 'killed' ? '≤ ' : ''}${durationText(tookMs(run, now))}`,
      rank: tookMs,
    },
    {
      title: 'OUTCOME',
      importance: 0,
      maxWidth: 32,
      text: ({ doing, outcome = doing, exitCode }) =>
        outcome === 'failed' && exitCode !== undefined ? `failed (${exitCode})` : outcome,
      style: ({ outcome }) =>
        outcome === 'completed' ? 'good' : outcome === undefined ? 'accent' : 'bad',
    },
    {
      title: 'INSTANCE',
      importance: 3,
      maxWidth: 14,
      text: ({ instance }) => instance,
      style: () => 'dim',
    },
  ],
}

function moodOf(state: InstanceView['state'], waits: InstanceView['waitingFor']) {
  if (state === 'hung') return 'bad'
  return waits === undefined ? 'good' : 'doubtful'
}

function tookMs({ durationMs, from, to }: CommandView, now: number): number {
  return durationMs ?? (to ?? now) - (from ?? to ?? now)
}

const REQUESTS: View<RequestRow> = {
  title: 'Requests',
  part: 'instances',
  rows: ({ requests, servers, at }) => [
    ...servers.flatMap(({ name, pid, instance, running }) =>
      running.map(({ method, since }, place) => ({
        key: `${instance} ${place}`,
        server: name,
        pid,
        method,
        at: since,
        durationMs: at - since,
        outcome: 'running' as const,
      })),
    ),
    ...requests.map((request) => ({ ...request, key: String(request.key) })),
  ],
  key: ({ key }) => key,
  sort: { title: 'ENDED', isReversed: true },
  empty: 'No recent requests.',
  columns: [
    {
      title: 'ENDED',
      importance: 1,
      maxWidth: 8,
      text: ({ at, outcome }) => (outcome === 'running' ? '-' : clockText(at)),
      rank: ({ at, outcome }) => (outcome === 'running' ? Infinity : at),
    },
    { title: 'SERVER', importance: 0, maxWidth: 24, text: ({ server }) => server },
    {
      title: 'PID',
      importance: 2,
      align: 'right',
      maxWidth: 8,
      text: ({ pid }) => String(pid),
      rank: ({ pid }) => pid,
    },
    { title: 'METHOD', importance: 0, text: ({ method }) => method, style: () => 'bold' },
    {
      title: 'TOOK',
      importance: 0,
      align: 'right',
      maxWidth: 10,
      text: ({ durationMs = 0 }) => durationText(durationMs),
      rank: ({ durationMs = 0 }) => durationMs,
    },
    {
      title: 'OUTCOME',
      importance: 1,
      maxWidth: 10,
      text: ({ outcome }) => outcome,
      style: ({ outcome }) =>
        outcome === 'answered' ? 'good' : outcome === 'running' ? 'accent' : 'bad',
    },
  ],
}

/** Returns the text shown instead of an empty table. */
export function emptyText({ empty, part, title }: View, { problems, pending }: Snapshot): string {
  if (pending.includes(part)) return 'Looking …'
  const isUnreadable = problems.some((problem) => problem.part === part)
  return isUnreadable ? `${title} cannot be read; the warning says why.` : empty
}

/** All tables by name. */
export const VIEWS: Readonly<Record<ViewName, View>> = {
  locks: LOCKS as View,
  instances: INSTANCES as View,
  events: EVENTS as View,
  commands: COMMANDS as View,
  requests: REQUESTS as View,
}
