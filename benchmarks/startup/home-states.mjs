import { existsSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** Removes everything, as before the very first run. @param {string} home */
export function makeHomeNew(home) {
  rmSync(home, { recursive: true, force: true })
}

/**
 * Makes the next run the one that cleans up after other processes.
 *
 * @param {string} home
 * @throws Error if the kit now keeps the time of its last clean-up elsewhere
 */
export function makeCleanUpDue(home) {
  const stamp = join(home, 'last-clean-up')
  if (!existsSync(stamp)) throw new Error('the home has no "last-clean-up"')
  const hourAgo = Date.now() / 1000 - 3600
  utimesSync(stamp, hourAgo, hourAgo)
}
