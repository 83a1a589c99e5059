import { printable } from '../base/terminal/printable.js'
import type { ParkedCount } from '../events/contract/event-driver.js'
import type { ParkedEvent } from '../events/contract/parked-event.js'
import { assertName } from '../base/names/assert-name.js'
import { type Check, ok, warning } from './finding.js'
import { jsonLine } from '../base/terminal/json-line.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { opsLine } from './ops-line.js'
import { isUnsupported, unlessUnsupported } from './unless-unsupported.js'

/** `events parked`: shows the events that groups have given up, with the reason; with `--group`, of one group. */
export const listParked: OpsRun = async ({ coordinator, options, print }) => {
  const { group } = options
  if (group !== undefined) assertName('--group', group)
  const groups =
    group === undefined
      ? (await coordinator.events.parkedGroups()).map((parked) => parked.group)
      : [group]
  let count = 0
  for (const name of groups) {
    for await (const parked of coordinator.events.parked(name)) {
      print({ group: name, ...parked }, parkedText(name, parked))
      count += 1
    }
  }
  const what = group === undefined ? 'No event' : `No event of ${jsonLine(group)}`
  if (count === 0 && options['json'] !== true) print(null, `${what} is parked.`)
  return 0
}

/** `events retry <group>`: makes the group's consumer retry parked events. */
export const retryParked: OpsRun = async ({ coordinator, args, options, print }) => {
  const [group] = args
  const { id } = options
  assertName('group', group)
  if (id !== undefined) assertName('--id', id)
  const retried = await coordinator.events.retry(group, id)
  print(
    { group, id: id ?? null, retried },
    retried === 0
      ? noneText(group, id)
      : `${plural(retried)} of ${jsonLine(group)} will be tried again by its consumer, or when it starts.`,
  )
  return retried === 0 ? 1 : 0
}

/** `events drop <group> --id <id>`: deletes one parked event. */
export const dropParked: OpsRun = async ({ coordinator, args, options, print }) => {
  const [group] = args
  const { id } = options
  assertName('group', group)
  assertName('--id', id)
  const dropped = await coordinator.events.drop(group, id)
  print(
    { group, id, dropped },
    dropped === 0 ? noneText(group, id) : `Dropped ${plural(dropped)} of ${jsonLine(group)}.`,
  )
  return dropped === 0 ? 1 : 0
}

/** Parked events are unfinished work. */
export const checkParked: Check = async ({ coordinator, program }) => {
  const groups = await parkedGroups({ coordinator })
  if (groups.length === 0) return ok('no event is parked')
  return warning(
    groups.map(parkedSummary).join('; '),
    `see why: ${opsLine(program, 'events parked')}; then, for each group: ${opsLine(program, 'events retry')} <group>`,
  )
}

/** Returns the groups with parked events; none if the engine has no parked events. */
export async function parkedGroups({
  coordinator,
}: Pick<OpsContext, 'coordinator'>): Promise<readonly ParkedCount[]> {
  const groups = await unlessUnsupported(() => coordinator.events.parkedGroups())
  return isUnsupported(groups) ? [] : groups
}

/** Describes one group in a line. */
export function parkedSummary({ group, count }: ParkedCount): string {
  return `group ${jsonLine(group)} has ${plural(count)}`
}

function parkedText(
  group: string,
  { event, attempts, error, parkedAt, retry }: ParkedEvent,
): string {
  const state = retry ? ', to be tried again' : ''
  const head = `${printable(parkedAt)}  ${printable(group)}  ${printable(event.type)}  ${printable(event.id)}`
  const tried = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return `${head}  ${jsonLine(event.data)}\n    ${tried}${state}: ${printable(error)}`
}

function plural(count: number): string {
  return count === 1 ? '1 parked event' : `${count} parked events`
}

function noneText(group: string, id: unknown): string {
  return id === undefined
    ? `No event of ${jsonLine(group)} is parked.`
    : `No parked event of ${jsonLine(group)} has the id ${jsonLine(id)}.`
}
