import { printable } from '../diagnostics/message.js'
import { storageError } from '../drivers/local/home.js'
import { describeOwner } from '../locks/describe-owner.js'
import type { LockInfo } from '../locks/lock-types.js'
import type { ServiceInfo } from '../registry/service-types.js'
import type { Connection } from '../options/connection-options.js'
import { describePlace } from './describe-place.js'
import { type DiskUse, diskUse, LOW_DISK_BYTES } from './disk-use.js'
import { type EventTraffic, eventTraffic } from './event-traffic.js'
import { jsonLine } from './json-line.js'
import { instanceTable } from './list-instances.js'
import { keptEvents } from './kept-events.js'
import { lockJson, lockTable } from './lock-report.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { requestTraffic, type ServerTraffic } from './request-traffic.js'
import { style } from './style.js'
import { textTable } from './text-table.js'
import { isRefusal, unlessRefused } from './unless-refused.js'

const PRIMITIVES = ['locks', 'events', 'registry', 'rpc'] as const

/** Everything on one screen. A part that cannot be read is missing, and named in `problems`. */
interface Status {
  readonly instances: readonly ServiceInfo[] | undefined
  readonly locks: readonly LockInfo[] | undefined
  /** Why the engine has no locks at all. */
  readonly refusal: string | undefined
  readonly events: EventTraffic | undefined
  readonly requests: readonly ServerTraffic[]
  readonly disk: DiskUse | undefined
  readonly problems: readonly string[]
}

/** `status`: who runs, who holds what, what happens, on one screen. What cannot be read is named, and the rest shown. */
export const showStatus: OpsRun = async (context) => {
  const { home, namespace } = context.connection
  const status = await look(context)
  const { instances, locks, events, requests, disk, problems } = status
  const warnings = warningsOf(status)
  const json = {
    home,
    namespace,
    instances: instances ?? [],
    locks: (locks ?? []).map(lockJson),
    events: events ?? eventTraffic([]),
    requests,
    disk: disk ?? null,
    warnings,
    problems,
  }
  const parts = [
    [
      placeText(context.connection),
      namespace === '' ? '' : `namespace ${namespace}`,
      diskText(disk),
    ]
      .filter((text) => text !== '')
      .join(', '),
    ...[
      ...problems.map((text) => style('red', `! ${printable(text)}`)),
      ...warnings.map((text) => style('yellow', `! ${printable(text)}`)),
    ],
  ]
  const sections = [
    parts.join('\n'),
    ...(locks === undefined ? [] : [lockTable(locks)]),
    ...(instances === undefined ? [] : [instanceTable(instances)]),
    ...(requests.length === 0 ? [] : [requestTable(requests)]),
    ...(events === undefined ? [] : [eventText(events)]),
  ]
  context.print(json, sections.join('\n\n'))
  return problems.length === 0 ? 0 : 1
}

async function look(context: OpsContext): Promise<Status> {
  const { coordinator, connection } = context
  const { home } = connection
  const problems = new Set<string>()
  const attempt = async <T>(part: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await part()
    } catch (caught) {
      const error = storageError(caught, home)
      problems.add(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  const [instances, listed, events, disk] = await Promise.all([
    attempt(() => coordinator.registry.discover()),
    attempt(() => unlessRefused(() => coordinator.locks.list())),
    attempt(() => keptEvents(context, '*', 'earliest')),
    isAllRemote(connection) ? undefined : diskUse(home),
  ])
  const requests = await requestTraffic(coordinator, instances ?? [])
  return {
    instances,
    locks: isRefusal(listed) ? undefined : listed,
    refusal: isRefusal(listed) ? listed.refusal : undefined,
    events: events && eventTraffic(events),
    requests,
    disk,
    problems: [...problems],
  }
}

/** What a person should look at; "doctor" has the remedies. */
function warningsOf({ instances = [], locks = [], refusal, disk }: Status): string[] {
  return [
    ...(refusal === undefined ? [] : [refusal]),
    ...locks.flatMap(lockWarning),
    ...instances
      .filter(({ state }) => state === 'hung')
      .map(({ name, pid }) => `${name} (pid ${pid}) is suspended or does not answer`),
    ...(disk !== undefined && disk.freeBytes < LOW_DISK_BYTES
      ? [`only ${bytesText(disk.freeBytes)} are free on the disk`]
      : []),
  ]
}

function lockWarning({ resource, id, owner, waiters }: LockInfo): string[] {
  if (id === '' || owner.state === 'running') return []
  const doubt = owner.state === 'unknown' ? ', which cannot be judged from here' : ''
  const waiting = waiters.length === 0 ? '' : `, and ${waiters.length} wait for it`
  return [`${jsonLine(resource)} is held by ${describeOwner(owner)}${doubt}${waiting}`]
}

function requestTable(servers: readonly ServerTraffic[]): string {
  return textTable(
    ['ASKED', 'PID', 'RUNNING', 'ENDED', 'FAILED', 'MEDIAN'],
    servers.map(({ name, pid, running, ended, failed, medianMs }) => [
      name,
      String(pid),
      String(running),
      String(ended),
      String(failed),
      medianMs === undefined ? '-' : `${medianMs.toFixed(1)} ms`,
    ]),
  )
}

function eventText({ kept, oldest, lastMinute, lastHour, types }: EventTraffic): string {
  const since = oldest === undefined ? '' : `, the oldest from ${printable(oldest)}`
  const head = `Events kept: ${kept}${since}`
  if (lastHour === 0) return head
  const most = types.map(({ type, count }) => `${printable(type)} ${count}`).join(', ')
  return `${head}\nIn the last minute ${lastMinute}, in the last hour ${lastHour}: ${most}`
}

function placeText(connection: Connection): string {
  return `${isAllRemote(connection) ? 'Engine' : 'Home'}: ${printable(describePlace(connection))}`
}

/** Nothing is in the home. */
function isAllRemote(connection: Connection): boolean {
  return PRIMITIVES.every((primitive) => connection.urlOf(primitive) !== 'local:')
}

function diskText(disk: DiskUse | undefined): string {
  if (disk === undefined) return ''
  const { bytes, files, isMore, freeBytes } = disk
  const more = isMore ? 'more than ' : ''
  return `${more}${bytesText(bytes)} in ${files} ${files === 1 ? 'file' : 'files'}, ${bytesText(freeBytes)} free`
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}
