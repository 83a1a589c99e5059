import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'

import { type ConfigFormat, parseConfig } from './config-format.js'
import { type FlatConfig, flattenConfig } from './flatten-config.js'

const MAX_BYTES = 4 * 1024 * 1024

/** What tells one version of a file from the next, and a path that cannot be looked at from all of them. */
export interface FileVersion {
  readonly text: string
  /** Of the file, whatever is in it; undefined where there is none. */
  readonly inode?: bigint
  /** Why it cannot be looked at. */
  readonly error?: Error
}

/** Looks at a path. Never throws: a part of it may be a file, a link to itself, or another user's directory. */
export function versionOf(path: string): FileVersion {
  try {
    // Without an exception for what is missing: Node 22 and later count a path that leads through a file to that.
    const stats = statSync(path, { bigint: true })
    const { ino: inode, size, mtimeNs } = stats
    const text = `${inode}/${size}/${mtimeNs}`
    if (stats.isFile()) return { text, inode }
    // Reading a pipe would wait for somebody who writes to it.
    return { text, inode, error: new TypeError(`${path} is not a regular file`) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { text: 'missing' }
    return { text: String(code), error: error as Error }
  }
}

/** Reads a file that people and editors write. A missing file has no keys. Rejects where it cannot be read or parsed. */
export async function readConfigFile(path: string, format: ConfigFormat): Promise<FlatConfig> {
  const text = readRegularFile(path)
  if (text === undefined) return new Map()
  return flattenConfig(await parseConfig(text.replace(/^\ufeff/u, ''), format))
}

/** Undefined where there is no file. What lies there is looked at once it is open: a pipe could have taken its place. */
function readRegularFile(path: string): string | undefined {
  let descriptor: number
  try {
    // Windows has no such flag, and no such pipes.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new TypeError(`${path} is not a regular file`)
    if (stats.size > MAX_BYTES)
      throw new RangeError(`it has ${stats.size} bytes, more than ${MAX_BYTES}`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}
