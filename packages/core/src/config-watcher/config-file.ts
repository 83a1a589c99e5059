import { readFileSync, statSync } from 'node:fs'

import { type ConfigFormat, parseConfig } from './config-format.js'
import { type FlatConfig, flattenConfig } from './flatten-config.js'

const MAX_BYTES = 4 * 1024 * 1024

/** What tells one version of a file from the next. */
export function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? 'missing' : `${stats.ino}/${stats.size}/${stats.mtimeNs}`
}

/**
 * Reads a file that people and editors write. A missing file has no keys. `undefined` for an empty one: editors empty a
 * file before they write it. Rejects where it cannot be read or parsed.
 */
export async function readConfigFile(
  path: string,
  format: ConfigFormat,
): Promise<FlatConfig | undefined> {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return new Map()
  if (stats.size > MAX_BYTES) {
    throw new RangeError(`it has ${stats.size} bytes, more than ${MAX_BYTES}`)
  }
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/u, '')
  return text === '' ? undefined : flattenConfig(await parseConfig(text, format))
}
