import { homeOf } from '../drivers/local/home/home-of.js'
import type { EventEnvelope, StartPosition } from '../events/contract/event-types.js'
import type { OpsContext } from './ops-context.js'

/**
 * Reads the events that are kept. Where there is no log yet none is made: looking leaves no traces. What an engine has lost
 * in a failover is missing, and keeps nobody from seeing the rest.
 */
export async function keptEvents(
  { coordinator, connection }: Pick<OpsContext, 'coordinator' | 'connection'>,
  pattern: string,
  from: StartPosition,
  onGap: () => void = () => undefined,
): Promise<readonly EventEnvelope[]> {
  const { paths, fileSystem } = homeOf(connection)
  const isLocal = connection.urlOf('events') === 'local:'
  if (isLocal && fileSystem.status(paths.events) === undefined) return []
  return coordinator.events.read(pattern, { from, onGap })
}
