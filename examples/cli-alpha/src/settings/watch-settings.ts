import { reportError } from '@cli-ops/example-base'
import { type Lock, useOps, watchConfigFile } from '@cli-ops/shared-ipc'

import { settingsFile } from '../files/paths.js'

/** Held by the one `watch` that watches the settings; the next one in the queue takes over from it. */
export const SETTINGS_WATCHER = 'cli-alpha-settings-watcher'

/**
 * Emits `config:changed` for every change of a setting, including changes made in an editor, while the process runs.
 * Only one of several processes does so, so that each change is announced once; the others stand by.
 */
export async function watchSettings(): Promise<void> {
  const { locks } = useOps()
  const lock = await locks.tryLock(SETTINGS_WATCHER)
  if (lock !== null) return watchUnder(lock)
  void locks
    .lock(SETTINGS_WATCHER)
    .then(watchUnder)
    .catch((error: unknown) => reportError('cli-alpha', error))
}

async function watchUnder(lock: Lock): Promise<void> {
  const watcher = watchConfigFile(settingsFile(), { bus: useOps().events, signal: lock.signal })
  await watcher.ready
}
