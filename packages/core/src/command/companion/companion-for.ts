import type { Connection, ConnectionOptions } from '../../engine/connection-options.js'
import { Companion } from './companion.js'

const companions = new Map<string, Companion>()

/** Returns whether a flow of this process holds a lock on an engine. */
export function isHeldByCompanion(connection: Connection, resource: string): boolean {
  return companions.get(keyOf(connection))?.holds(resource) === true
}

/**
 * Returns this process's companion for a connection, and starts one if there is none. Only the caller that starts it
 * learns about failures.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, `UNSUPPORTED`
 */
export function companionFor(
  connection: Connection,
  onFailure: (error: Error) => void = () => undefined,
): Companion {
  const key = keyOf(connection)
  const running = companions.get(key)
  if (running?.isThere === true) return running
  const companion = new Companion(plainOptions(connection), onFailure)
  companions.set(key, companion)
  return companion
}

function keyOf(connection: Connection): string {
  return JSON.stringify(plainOptions(connection))
}

/** Returns the companion's configuration with all values resolved, since it runs in another directory. */
function plainOptions(connection: Connection): ConnectionOptions {
  const { home, namespace } = connection
  const [locks, events] = [connection.urlOf('locks'), connection.urlOf('events')]
  const url = { locks, events, registry: connection.urlOf('registry') }
  return { home, namespace, url, disabled: false }
}
