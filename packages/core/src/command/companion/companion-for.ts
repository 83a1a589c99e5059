import type { Connection, ConnectionOptions } from '../../engine/connection-options.js'
import { assertDriver } from '../../engine/find-driver.js'
import { Companion } from './companion.js'
import { companionFile } from './companion-file.js'
import { takeLateFailure } from './late-failure.js'

const companions = new Map<string, Companion>()

/** Returns whether a flow of this process holds a lock on an engine. */
export function isHeldByCompanion(connection: Connection, resource: string): boolean {
  return companions.get(keyOf(connection))?.holds(resource) === true
}

/**
 * The companion of this process for a connection, started if there is none. `onFailure` is called by the companion that it starts, for
 * events and the registry: also with what an earlier command did not live to hear.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, `UNSUPPORTED`; with `onFailure` also `DRIVER_MISSING`, and TypeError for a scheme without a
 *   driver: a short command would end before the companion could say so
 */
export function companionFor(
  connection: Connection,
  onFailure?: (error: Error, what?: string) => void,
): Companion {
  const key = keyOf(connection)
  const running = companions.get(key)
  if (running?.isThere === true) return running
  const options = plainOptions(connection)
  const file = companionFile(Object.values(options.url))
  if (onFailure !== undefined) assertDrivers(connection, file)
  const companion = new Companion(file, options, onFailure ?? (() => undefined))
  companions.set(key, companion)
  const earlier = onFailure && takeLateFailure(options)
  if (earlier !== undefined) onFailure?.(new Error(earlier.reason), earlier.what)
  return companion
}

function assertDrivers(connection: Connection, file: string): void {
  for (const primitive of ['events', 'registry'] as const)
    assertDriver(connection.home, connection.urlOf(primitive), file)
}

function keyOf(connection: Connection): string {
  return JSON.stringify(plainOptions(connection))
}

interface PlainOptions extends ConnectionOptions {
  readonly url: Readonly<Record<'locks' | 'events' | 'registry', string>>
}

/** Returns the companion's configuration with all values resolved, since it runs in another directory. */
function plainOptions(connection: Connection): PlainOptions {
  const { home, namespace } = connection
  const [locks, events] = [connection.urlOf('locks'), connection.urlOf('events')]
  const url = { locks, events, registry: connection.urlOf('registry') }
  return { home, namespace, url, disabled: false }
}
