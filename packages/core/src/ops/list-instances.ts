import { describeProgram } from '../locks/contract/describe-owner.js'
import type { LockInfo, LockWaiter, Owner } from '../locks/contract/lock-types.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'
import { textAge } from '../base/terminal/units.js'
import { instanceWord, waitingFor } from './instance-word.js'
import type { OpsContext, OpsRun } from './ops-context.js'
import { textTable } from '../base/terminal/text-table.js'
import { unregistered, useWord } from './unregistered.js'

/** `ps`: shows the running instances of all CLIs, and other processes that use locks. */
export const listInstances: OpsRun = async (context) => {
  const services = await context.coordinator.registry.discover({}, { readOnly: true })
  const locks = await locksIfReadable(context)
  print(context, services, locks)
  return 0
}

function print(
  context: OpsContext,
  services: readonly ServiceInfo[],
  locks: readonly LockInfo[],
): void {
  context.print(instancesJson(services, locks), instanceTable(services, locks))
}

/** Instances are shown even if locks cannot be read or are not offered. */
async function locksIfReadable({ coordinator }: OpsContext): Promise<readonly LockInfo[]> {
  try {
    return await coordinator.locks.list()
  } catch {
    return []
  }
}

/** Returns instances as JSON, each with the lock that it waits for, followed by processes that only use locks. */
export function instancesJson(
  services: readonly ServiceInfo[],
  locks: readonly LockInfo[],
): readonly object[] {
  const instances = services.map((service) => {
    const waits = waitingFor(service, locks)
    return waits === undefined ? service : { ...service, waitingFor: waits }
  })
  return [...instances, ...unregistered(locks.map(usersOf), services)]
}

/** Returns instances as a table. */
export function instanceTable(
  services: readonly ServiceInfo[],
  locks: readonly LockInfo[] = [],
): string {
  const others = unregistered(locks.map(usersOf), services)
  if (services.length === 0 && others.length === 0) return 'No CLI is running.'
  return textTable(
    ['NAME', 'VERSION', 'PID', 'STATE', 'RUNNING FOR', 'ANSWERS', 'INSTANCE'],
    [
      ...services.map((service) => [
        service.name,
        service.version ?? '-',
        String(service.pid),
        instanceWord(service, waitingFor(service, locks)),
        textAge(service.startedAt),
        service.endpoint === undefined ? 'no' : 'yes',
        service.instance,
      ]),
      ...others.map((other) => [
        describeProgram(other, other.label),
        '-',
        other.pid > 0 ? String(other.pid) : '-',
        useWord(other),
        textAge(other.startedAt),
        'no',
        '-',
      ]),
    ],
  )
}

/** The users of a lock, each with the label of its use. */
function usersOf({ resource, holders, waiting }: LockInfo) {
  const userOf = ({ owner, label }: LockWaiter): Owner & { readonly label?: string | undefined } =>
    label === undefined ? owner : { ...owner, label }
  return { resource, holders: holders.map(userOf), waiters: waiting.map(userOf) }
}
