import { badData } from './read-json.js'

const VERSION = 1

/** What the stores hold: things with an id. */
export interface Entry {
  readonly id: string
}

/** How the entries of a store are called and checked. */
export interface EntryRules {
  /** One of them: `task`. The store has a list of `tasks`. */
  readonly noun: string
  /** Tells what is wrong with a value, or `undefined` where it is an entry. */
  readonly whyNot: (value: unknown) => string | undefined
}

/**
 * Takes the entries out of a store `{ "version": 1, "tasks": […] }`, or out of a plain list as other programs export it.
 * Throws, naming the file and the fault, for anything else.
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
