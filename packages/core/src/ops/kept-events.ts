import { homeOf } from '../drivers/local/home/home-of.js'
import type { EventEnvelope, StartPosition } from '../events/contract/event-types.js'
import type { OpsContext } from './ops-context.js'

/**
 * Reads the kept events. Creates no log if there is none: reading leaves no traces. Events that an engine lost in a
 * failover are missing; the rest are still returned.
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
