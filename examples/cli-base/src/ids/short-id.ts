import type { Entry } from '../files/entry-list.js'
import { UserError } from '../user-error.js'

// Without vowels, so that no words appear, and without characters that are easily confused.
const ALPHABET = '23456789bcdfghjkmnpqrstvwxz'
const LENGTH = 5

/** Creates an id that none of the entries has. The caller holds the lock of their store, so it stays unique. */
export function newId(entries: readonly Entry[]): string {
  const taken = new Set(entries.map(({ id }) => id))
  for (;;) {
    let id = ''
    while (id.length < LENGTH) id += ALPHABET.charAt(Math.floor(Math.random() * ALPHABET.length))
    if (!taken.has(id)) return id
  }
}

/**
 * Finds entries by their ids or unique id prefixes. An entry named twice is returned once. Throws, using the noun, if
 * one is not found.
 */
export function findByIds<T extends Entry>(
  noun: string,
  entries: readonly T[],
  ids: readonly string[],
): T[] {
  return [...new Set(ids.map((id) => findById(noun, entries, id)))]
}

function findById<T extends Entry>(noun: string, entries: readonly T[], text: string): T {
  const exact = entries.find(({ id }) => id === text)
  if (exact !== undefined) return exact
  const [first, ...others] = text === '' ? [] : entries.filter(({ id }) => id.startsWith(text))
  if (first === undefined) throw new UserError(`no ${noun} has the id ${JSON.stringify(text)}`)
  if (others.length === 0) return first
  const found = [first, ...others].map(({ id }) => id).join(', ')
  throw new UserError(`${JSON.stringify(text)} is the beginning of several ids: ${found}`)
}
