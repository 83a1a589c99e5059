import { lstatSync, readdirSync, readlinkSync, realpathSync, type BigIntStats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { unusable } from './proper-lock.js'

/** As many links in a row as Linux follows. */
const MAX_LINKS = 40

/** A file as one path led to it at one moment. */
export interface NamedFile {
  /** Where it is, or is to be made, once all links are followed. */
  readonly path: string
  /**
   * What else it may be named by: the path as given, each link on the way, its directory's number with its own name in it, its own
   * number. Two that mean one file have one of all these in common, whatever is renamed, linked or made meanwhile.
   */
  readonly aliases: readonly string[]
}

/**
 * Follows a path to the file that it means; the last link may dangle.
 *
 * @throws CliOpsError `STORAGE_FAILED` where it leads to no directory
 */
export function findFile(path: string): NamedFile {
  try {
    const hops = followLinks(resolve(path))
    const last = hops.at(-1) ?? path
    const found = statusOf(last)
    // Where the file system folds case, this is the name that the file has in its directory.
    const real = found === undefined ? last : realpathSync.native(last)
    const names = [resolve(path), ...hops].map((name) => `file:${name}`)
    const aliases = new Set([...names, ...numbersOf(real, found)])
    aliases.delete(`file:${real}`)
    return { path: real, aliases: [...aliases].sort() }
  } catch (error) {
    throw unusable(path, error)
  }
}

/** The links on the way and what the last of them leads to, each in its real directory. */
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

/** Tells whether two names that differ in case alone mean one file there; true where nothing is there to try it on. */
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
