import type { ConnectionOptions } from '../options/connection-options.js'
import { openDriver } from '../drivers/open-driver.js'
import { DEFAULT_RETENTION } from '../events/event-settings.js'

/** A clean-up is not repeated by the commands that start within this time. */
const INTERVAL_MS = 60_000
/** What a start-up may spend on others' leftovers; the rest is left to the next one. */
const BUDGET_MS = 20

/**
 * Removes what dead processes left in the home: locks, registry records, expired events. Where the engine
 * expires things by itself, or another command has just done it, nothing is done.
 */
export function cleanUpIfDue(connection: ConnectionOptions): void {
  const driver = openDriver(connection, 'locks').now
  if (driver?.claimCleanup?.(INTERVAL_MS) !== true) return
  const deadline = performance.now() + BUDGET_MS
  void driver.locks?.clean({ deadline })
  void driver.registry?.clean({ deadline })
  void driver.events?.clean(DEFAULT_RETENTION, { deadline })
}
