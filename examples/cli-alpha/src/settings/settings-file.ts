import { badData, readJson, writeAtomically } from '@cli-ops/example-base'

import { settingsFile } from '../files/paths.js'
import { type SettingKey, whyNotSetting } from './setting-keys.js'

/** The lock that guards the settings file. */
export const SETTINGS_LOCK = 'cli-alpha-settings'

/** The file as people edit it: a section for each part before the dot, `{ "list": { "sort": "due" } }`. */
type Settings = Record<string, unknown>

/** Reads the whole file; an empty object if there is none. */
function loadSettings(path = settingsFile()): Settings {
  const settings = readJson(path) ?? {}
  if (!isSection(settings)) throw badData(path, 'it is no JSON object')
  return settings
}

/** Reads one setting, `undefined` if it is not set. */
export function readSetting(key: SettingKey): string | undefined {
  const [section, name] = partsOf(key)
  const settings = loadSettings()[section]
  const value = isSection(settings) ? settings[name] : undefined
  if (value === undefined) return undefined
  const reason = whyNotSetting(key, value)
  if (reason !== undefined) throw badData(settingsFile(), reason)
  return value as string
}

/** Sets or, with `undefined`, removes one setting and keeps all the others. The caller holds {@link SETTINGS_LOCK}. */
export function writeSetting(key: SettingKey, value: string | undefined): void {
  const [section, name] = partsOf(key)
  const settings = loadSettings()
  const old = settings[section]
  // JSON omits undefined members.
  const changed = { ...settings, [section]: { ...(isSection(old) ? old : {}), [name]: value } }
  writeAtomically(settingsFile(), `${JSON.stringify(changed, null, 2)}\n`)
}

function partsOf(key: SettingKey): [section: string, name: string] {
  return key.split('.') as [string, string]
}

function isSection(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
