import { printable } from '../base/terminal/printable.js'
import type { ParkedCount } from '../events/contract/event-driver.js'
import { storageError } from '../drivers/local/home/home.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'
import type { Connection } from '../engine/connection-options.js'
import { describeConnection } from './describe-connection.js'
import { describeHung } from './describe-hung.js'
import { type DiskUse, diskUse, LOW_DISK_BYTES } from './disk-use.js'
import { type EventTraffic, eventTraffic } from './event-traffic.js'
import { instancesJson, instanceTable } from './list-instances.js'
import { keptEvents } from './kept-events.js'
import { lockJson, lockTable } from './lock-report.js'
import { lockWarnings } from './lock-warnings.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { parkedGroups, parkedSummary } from './parked-events.js'
import { requestTraffic, type ServerTraffic } from './request-traffic.js'
import { styleOf } from '../base/terminal/style.js'
import { durationText, sizeText } from '../base/terminal/units.js'
import { hangingLines } from '../base/terminal/wrap-text.js'
import { textTable } from '../base/terminal/text-table.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'
import { PRIMITIVES } from './primitives.js'

/** Everything on one screen. A part that cannot be read is absent, and named in `problems`. */
interface Status {
  readonly instances: readonly ServiceInfo[] | undefined
  readonly locks: readonly LockInfo[] | undefined
  /** Why the engine has no locks at all. */
  readonly refusal: string | undefined
  readonly events: EventTraffic | undefined
  readonly parked: readonly ParkedCount[]
  readonly requests: readonly ServerTraffic[]
  readonly disk: DiskUse | undefined
  readonly problems: readonly string[]
}

/** `status`: shows instances, locks and events on one screen. Names the parts that cannot be read and shows the rest. */
export const showStatus: OpsRun = async (context) => {
  const { home, namespace } = context.connection
  const status = await look(context)
  const { instances, locks, events, requests, disk, problems } = status
  const warnings = warningsOf(status)
  const json = {
    home,
    namespace,
    instances: instancesJson(instances ?? [], locks ?? []),
    locks: (locks ?? []).map(lockJson),
    events: events ?? eventTraffic([]),
    parked: status.parked,
    requests,
    disk: disk ?? null,
    warnings,
    problems,
  }
  const style = styleOf(process.stdout)
  const parts = [
    ...hangingLines(
      '',
      [
        connectionText(context.connection),
        namespace === '' ? '' : `namespace ${namespace}`,
        diskText(disk),
      ]
        .filter((text) => text !== '')
        .join(', '),
    ),
    ...[
      ...problems.flatMap(noted).map((line) => style.bad(line)),
      ...warnings.flatMap(noted).map((line) => style.doubtful(line)),
    ],
  ]
  const sections = [
    parts.join('\n'),
    ...(locks === undefined ? [] : [lockTable(locks)]),
    ...(instances === undefined ? [] : [instanceTable(instances, locks)]),
    ...(requests.length === 0 ? [] : [requestTable(requests)]),
    ...(events === undefined
      ? []
      : [
          eventText(events)
            .flatMap((line) => hangingLines('', line))
            .join('\n'),
        ]),
  ]
  context.print(json, sections.join('\n\n'))
  return problems.length === 0 ? 0 : 1
}

function noted(text: string): string[] {
  return hangingLines('! ', printable(text))
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
  const [instances, listed, events, parked, disk] = await Promise.all([
    attempt(() => coordinator.registry.discover({}, { readOnly: true })),
    attempt(() => unlessUnsupported(() => coordinator.locks.list())),
    attempt(() => keptEvents(context, '*', 'earliest')),
    attempt(() => parkedGroups(context)),
    isAllRemote(connection) ? undefined : diskUse(home),
  ])
  const requests = await requestTraffic(coordinator, instances ?? [])
  return {
    instances,
    locks: isUnsupported(listed) ? undefined : listed,
    refusal: isUnsupported(listed) ? listed.refusal : undefined,
    events: events && eventTraffic(events),
    parked: parked ?? [],
    requests,
    disk,
    problems: [...problems],
  }
}

/** What needs a person's attention; `doctor` has the remedies. */
function warningsOf({ instances = [], locks = [], parked, refusal, disk }: Status): string[] {
  return [
    ...(refusal === undefined ? [] : [refusal]),
    ...lockWarnings(locks.map((lock) => ({ ...lock, waiting: lock.waiting.length }))).map(
      ({ text }) => text,
    ),
    ...instances.filter(({ state }) => state === 'hung').map(describeHung),
    ...parked.map(parkedSummary),
    ...(disk !== undefined && disk.freeBytes < LOW_DISK_BYTES
      ? [`only ${sizeText(disk.freeBytes)} free on the disk`]
      : []),
  ]
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
      medianMs === undefined ? '-' : durationText(medianMs),
    ]),
  )
}

function eventText({ kept, oldest, lastMinute, lastHour, types }: EventTraffic): string[] {
  const since = oldest === undefined ? '' : `, the oldest from ${printable(oldest)}`
  const head = `Events kept: ${kept}${since}`
  if (lastHour === 0) return [head]
  const most = types.map(({ type, count }) => `${printable(type)} ${count}`).join(', ')
  return [head, `In the last minute ${lastMinute}, in the last hour ${lastHour}: ${most}`]
}

function connectionText(connection: Connection): string {
  return `${isAllRemote(connection) ? 'Engine' : 'Home'}: ${printable(describeConnection(connection))}`
}

/** True if the home holds nothing. */
function isAllRemote(connection: Connection): boolean {
  return PRIMITIVES.every((primitive) => connection.urlOf(primitive) !== 'local:')
}

function diskText(disk: DiskUse | undefined): string {
  if (disk === undefined) return ''
  const { bytes, files, isMore, freeBytes } = disk
  const more = isMore ? 'more than ' : ''
  return `${more}${sizeText(bytes)} in ${files} ${files === 1 ? 'file' : 'files'}, ${sizeText(freeBytes)} free`
}
