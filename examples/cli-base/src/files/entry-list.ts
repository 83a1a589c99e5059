import { badData } from './read-json.js'

const VERSION = 1

/** What the stores hold: objects with an id. */
export interface Entry {
  readonly id: string
}

/** What a store's entries are called and how they are checked. */
export interface EntryRules {
  /** The singular: `task`. The store has a list of `tasks`. */
  readonly noun: string
  /** Returns what is wrong with a value, or `undefined` if it is an entry. */
  readonly whyNot: (value: unknown) => string | undefined
}

/**
 * Returns the entries in a store `{ "version": 1, "tasks": […] }`, or in a plain list as other programs export it. For
 * anything else, throws an error that names the file and the fault.
 */
export function entriesOf<T extends Entry>(
  stored: unknown,
  path: string,
  { noun, whyNot }: EntryRules,
): T[] {
  const list = `${noun}s`
  if (typeof stored !== 'object' || stored === null) throw badData(path, `it holds no ${list}`)
  const members: Readonly<Record<string, unknown>> = Array.isArray(stored)
    ? { [list]: stored }
    : { ...stored }
  const { version = VERSION, [list]: entries } = members
  if (version !== VERSION) throw badData(path, `its version is ${JSON.stringify(version)}, not 1`)
  if (!Array.isArray(entries)) throw badData(path, `it has no list of ${list}`)
  const ids = new Set<unknown>()
  for (const [index, entry] of entries.entries()) {
    const reason = whyNot(entry)
    if (reason !== undefined) throw badData(path, `${noun} ${index + 1} ${reason}`)
    const { id } = entry as T
    if (ids.has(id)) throw badData(path, `two ${list} have the id ${JSON.stringify(id)}`)
    ids.add(id)
  }
  return entries as T[]
}
