import { lstatSync, readdirSync, readlinkSync, realpathSync, type BigIntStats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { unusable } from './proper-lock.js'

/** Linux follows as many links in a row. */
const MAX_LINKS = 40

/** A file, as one path resolved to it at one moment. */
export interface NamedFile {
  /** Where the file is, or would be created, after following all links. */
  readonly path: string
  /**
   * The file's other names: the path as given, each link on the way, its directory's inode number with its name there, its own inode
   * number. Two paths to one file share at least one of these, whatever is renamed, linked or created meanwhile.
   */
  readonly aliases: readonly string[]
}

/**
 * Resolves a path to its file; the last link may dangle.
 *
 * @throws CliOpsError `STORAGE_FAILED` if the path does not lead to a directory
 */
export function findFile(path: string): NamedFile {
  try {
    const hops = followLinks(resolve(path))
    const last = hops.at(-1) ?? path
    const found = statusOf(last)
    // On a case-insensitive file system, this is the file's name in its directory.
    const real = found === undefined ? last : realpathSync.native(last)
    const names = [resolve(path), ...hops].map((name) => `file:${name}`)
    const aliases = new Set([...names, ...numbersOf(real, found)])
    aliases.delete(`file:${real}`)
    return { path: real, aliases: [...aliases].sort() }
  } catch (error) {
    throw unusable(path, error)
  }
}

/** Returns the links on the way and the target of the last one, each in its real directory. */
function followLinks(path: string): string[] {
  const hops: string[] = []
  let next = path
  while (hops.length <= MAX_LINKS) {
    const directory = realpathSync.native(dirname(next))
    const here = join(directory, basename(next))
    hops.push(here)
    if (statusOf(here)?.isSymbolicLink() !== true) return hops
    next = resolve(directory, readlinkSync(here))
  }
  throw Object.assign(new Error(`too many links: ${path}`), { code: 'ELOOP' })
}

function numbersOf(path: string, found: BigIntStats | undefined): string[] {
  const directory = dirname(path)
  const { dev, ino } = lstatSync(directory, { bigint: true })
  const name = basename(path)
  const folded = name.toLowerCase().normalize('NFC')
  const names = foldsCase(directory, path, found) ? [name, folded] : [name]
  return [
    ...names.map((each) => `file-in:${dev}:${ino}:${each}`),
    ...(found === undefined ? [] : [`file-number:${found.dev}:${found.ino}`]),
  ]
}

/** Returns whether names in this directory are case-insensitive; true if there is no file to try it on. */
function foldsCase(directory: string, path: string, found: BigIntStats | undefined): boolean {
  const name = found === undefined ? readdirSync(directory).find(hasCase) : basename(path)
  if (name === undefined) return true
  if (!hasCase(name)) return false
  const one = statusOf(join(directory, name))
  const other = statusOf(join(directory, swapCase(name)))
  return one === undefined || (one.ino === other?.ino && one.dev === other.dev)
}

function hasCase(name: string): boolean {
  return swapCase(name) !== name
}

function swapCase(name: string): string {
  const lower = name.toLowerCase()
  return lower === name ? name.toUpperCase() : lower
}

function statusOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false })
}
