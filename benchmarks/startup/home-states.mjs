import { existsSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** Takes everything away, as before the very first run. @param {string} home */
export function makeHomeNew(home) {
  rmSync(home, { recursive: true, force: true })
}

/**
 * Makes the next run the one that cleans up after others.
 *
 * @param {string} home
 * @throws Error where the kit keeps the time of its last clean-up elsewhere by now
 */
export function makeCleanUpDue(home) {
  const stamp = join(home, 'last-clean-up')
  if (!existsSync(stamp)) throw new Error('the home has no "last-clean-up"')
  const hourAgo = Date.now() / 1000 - 3600
  utimesSync(stamp, hourAgo, hourAgo)
}
