import { join } from 'node:path'

import type { Cursor } from '../../../events/contract/event-types.js'
import { encodeFileName } from '../../../base/names/file-name.js'
import type { FileSystem } from '../home/file-system.js'

/** What is kept of events that were handled since; a crash may leave some behind. */
const MAX_ENTRIES = 32

/**
 * How often a group's handler was given the events it has not finished, `<group>.attempts` beside the cursor. Only the
 * active reader writes, before each attempt and over the old content: one short write, which a crash cannot tear.
 */
export class GroupAttempts {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #counts: Map<Cursor, number>

  constructor(fileSystem: FileSystem, directory: string, group: string) {
    this.#fileSystem = fileSystem
    this.#path = join(directory, `${encodeFileName(group)}.attempts`)
    this.#counts = decode(fileSystem.readFile(this.#path))
  }

  /** Counts one more attempt, on disk, and returns how many there were with it. */
  count(cursor: Cursor): number {
    const attempts = (this.#counts.get(cursor) ?? 0) + 1
    // The newest stand last, and the oldest are forgotten first.
    this.#counts.delete(cursor)
    this.#counts.set(cursor, attempts)
    this.#store()
    return attempts
  }

  /** The event was handled: the next attempt of another one takes it out of the file. */
  finish(cursor: Cursor): void {
    this.#counts.delete(cursor)
  }

  /** Forgets an event's attempts, on disk: it may be tried again by another process. */
  forget(cursor: Cursor): void {
    if (this.#counts.delete(cursor)) this.#store()
  }

  /** Forgets everything: the group begins anew with events that it has handled before. */
  clear(): void {
    if (this.#counts.size === 0) return
    this.#counts.clear()
    this.#store()
  }

  #store(): void {
    for (const cursor of this.#counts.keys()) {
      if (this.#counts.size <= MAX_ENTRIES) break
      this.#counts.delete(cursor)
    }
    // A newline ends the content: what is behind it is left of an earlier, longer one.
    const content = `${JSON.stringify(Object.fromEntries(this.#counts))}\n`
    if (!this.#fileSystem.overwrite(this.#path, content))
      this.#fileSystem.createFile(this.#path, content)
  }
}

/** Attempts that cannot be read, after a power failure, count from the beginning. */
function decode(content: string | undefined): Map<Cursor, number> {
  const counts = new Map<Cursor, number>()
  try {
    const stored: unknown = JSON.parse(content?.split('\n', 1)[0] ?? '{}')
    for (const [cursor, attempts] of Object.entries(stored ?? {}))
      if (typeof attempts === 'number') counts.set(cursor as Cursor, attempts)
  } catch {
    // No JSON.
  }
  return counts
}
