import type { ServiceInfo } from '../registry/contract/service-types.js'
import { textAge } from '../base/terminal/units.js'
import type { OpsRun } from './ops-context.js'
import { textTable } from '../base/terminal/text-table.js'

/** `ps`: the running instances of all CLIs. */
export const listInstances: OpsRun = async ({ coordinator, print }) => {
  const services = await coordinator.registry.discover({}, { readOnly: true })
  print(services, instanceTable(services))
  return 0
}

/** Instances as a table. */
export function instanceTable(services: readonly ServiceInfo[]): string {
  if (services.length === 0) return 'No CLI is running.'
  return textTable(
    ['NAME', 'VERSION', 'PID', 'STATE', 'RUNNING FOR', 'ANSWERS', 'INSTANCE'],
    services.map(({ name, version, pid, state, startedAt, endpoint, instance }) => [
      name,
      version ?? '-',
      String(pid),
      state,
      textAge(startedAt),
      endpoint === undefined ? 'no' : 'yes',
      instance,
    ]),
  )
}
