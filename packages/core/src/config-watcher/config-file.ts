import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'

import { type ConfigFormat, parseConfig } from './config-format.js'
import { type FlatConfig, flattenConfig } from './flatten-config.js'

const MAX_BYTES = 4 * 1024 * 1024

/** Identifies one version of a file, or a path that cannot be read. */
export interface FileVersion {
  readonly text: string
  /** The file's inode, independent of its content; undefined if there is no file. */
  readonly inode?: bigint
  /** Why it cannot be read. */
  readonly error?: Error
}

/** Returns the version of a path. Never throws: a part of it can be a file, a link to itself, or another user's directory. */
export function versionOf(path: string): FileVersion {
  try {
    // Without `throwIfNoEntry`: Node 22 and later treat a path that leads through a file as missing.
    const stats = statSync(path, { bigint: true })
    const { ino: inode, size, mtimeNs } = stats
    const text = `${inode}/${size}/${mtimeNs}`
    if (stats.isFile()) return { text, inode }
    // Reading a pipe would wait for a writer.
    return { text, inode, error: new TypeError(`${path} is not a regular file`) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { text: 'missing' }
    return { text: String(code), error: error as Error }
  }
}

/** Reads a file that people and editors write. A missing file has no keys. Rejects if it cannot be read or parsed. */
export async function readConfigFile(path: string, format: ConfigFormat): Promise<FlatConfig> {
  const text = readRegularFile(path)
  if (text === undefined) return new Map()
  return flattenConfig(await parseConfig(text.replace(/^\ufeff/u, ''), format))
}

/** Returns undefined if there is no file. Checks the type once the file is open: a pipe could have taken its place. */
function readRegularFile(path: string): string | undefined {
  let descriptor: number
  try {
    // Windows has neither this flag nor such pipes.
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
