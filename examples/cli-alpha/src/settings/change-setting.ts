import { useOps } from '@cli-ops/shared-ipc'

import type { SettingKey } from './setting-keys.js'
import { readSetting, SETTINGS_LOCK, writeSetting } from './settings-file.js'
import { SETTINGS_WATCHER } from './watch-settings.js'

/** The data of `config:changed`; `null` for a setting that was removed. */
export interface SettingChange {
  readonly key: SettingKey
  readonly value: string | null
}

/**
 * Changes a setting, and returns what to announce: nothing if it had that value already, and nothing while a `watch`
 * runs, which announces every change of the file, whichever program made it.
 */
export async function changeSetting(
  key: SettingKey,
  value: string | null,
): Promise<SettingChange | undefined> {
  const { locks } = useOps()
  return locks.acquire(SETTINGS_LOCK, async () => {
    if ((readSetting(key) ?? null) === value) return undefined
    const isWatched = await locks.isLocked(SETTINGS_WATCHER)
    writeSetting(key, value ?? undefined)
    return isWatched ? undefined : { key, value }
  })
}
