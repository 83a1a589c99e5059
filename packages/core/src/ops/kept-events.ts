import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { Home } from '../drivers/local/home/home.js'
import type { EventEnvelope, StartPosition } from '../events/contract/event-types.js'
import type { OpsContext } from './ops-context.js'

/** Reads the events that are kept. Where there is no log yet none is made: looking leaves no traces. */
export async function keptEvents(
  { coordinator, connection }: Pick<OpsContext, 'coordinator' | 'connection'>,
  pattern: string,
  from: StartPosition,
): Promise<readonly EventEnvelope[]> {
  const { home, namespace } = connection
  const { paths, fileSystem } = new Home(home, namespace, nodeFileSystem)
  const isLocal = connection.urlOf('events') === 'local:'
  if (isLocal && fileSystem.status(paths.events) === undefined) return []
  return coordinator.events.read(pattern, { from })
}
