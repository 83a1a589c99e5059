import { lockJson, lockTable } from './lock-report.js'
import { instanceTable } from './list-instances.js'
import type { OpsRun } from './ops-context.js'

/** `status`: instances, locks and events on one screen. */
export const showStatus: OpsRun = async ({ coordinator, connection, print }) => {
  const [services, locks, events] = await Promise.all([
    coordinator.registry.discover(),
    coordinator.locks.list(),
    coordinator.events.read('*', { from: 'earliest' }),
  ])
  const { home, namespace } = connection
  const oldest = events[0]?.time
  const json = {
    home,
    namespace,
    instances: services,
    locks: locks.map(lockJson),
    events: { kept: events.length, ...(oldest === undefined ? {} : { oldest }) },
  }
  const text = [
    `Home: ${home}${namespace === '' ? '' : ` (namespace ${namespace})`}`,
    '',
    instanceTable(services),
    '',
    lockTable(locks),
    '',
    `Events kept: ${events.length}${oldest === undefined ? '' : `, the oldest from ${oldest}`}`,
  ]
  print(json, text.join('\n'))
  return 0
}
