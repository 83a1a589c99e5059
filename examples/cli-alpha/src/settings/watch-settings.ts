import { useOps, watchConfigFile } from '@cli-ops/shared-ipc'

import { settingsFile } from '../files/paths.js'

/** Held by the one `watch` that watches the settings; the next one in the queue takes over from it. */
export const SETTINGS_WATCHER = 'cli-alpha-settings-watcher'

/**
 * Emits `config:changed` for every setting that anybody changes, with an editor too, as long as the process runs.
 * Of several processes one does it, so that an event is emitted once; the others wait for the lock.
 */
export async function watchSettings(): Promise<void> {
  const { locks, events } = useOps()
  const lock = await locks.lock(SETTINGS_WATCHER)
  const watcher = watchConfigFile(settingsFile(), { bus: events, signal: lock.signal })
  await watcher.ready
}
