import { join } from 'node:path'

import type { Cursor } from '../../../events/contract/event-types.js'
import { encodeFileName } from '../../../base/names/file-name.js'
import type { FileSystem } from '../home/file-system.js'

/** The number of entries kept, including handled events; a crash can leave some behind. */
const MAX_ENTRIES = 32

/**
 * The attempts at a group's unfinished events, `<group>.attempts` beside the cursor. Only the active reader writes it,
 * before each attempt and over the old content: one short write, which a crash cannot tear.
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

  /** Counts another attempt, on disk, and returns the total. */
  count(cursor: Cursor): number {
    const attempts = (this.#counts.get(cursor) ?? 0) + 1
    // The newest come last, and the oldest are dropped first.
    this.#counts.delete(cursor)
    this.#counts.set(cursor, attempts)
    this.#store()
    return attempts
  }

  /** Notes that the event was handled: the next attempt at another event removes it from the file. */
  finish(cursor: Cursor): void {
    this.#counts.delete(cursor)
  }

  /** Deletes an event's attempts, on disk: another process can retry it. */
  forget(cursor: Cursor): void {
    if (this.#counts.delete(cursor)) this.#store()
  }

  /** Deletes all attempts: the group starts again with events that it has already handled. */
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
    // A newline ends the content; anything after it is left from an earlier, longer one.
    const content = `${JSON.stringify(Object.fromEntries(this.#counts))}\n`
    if (!this.#fileSystem.overwrite(this.#path, content))
      this.#fileSystem.createFile(this.#path, content)
  }
}

/** If attempts cannot be read, after a power failure, counting starts again. */
function decode(content: string | undefined): Map<Cursor, number> {
  const counts = new Map<Cursor, number>()
  try {
    const stored: unknown = JSON.parse(content?.split('\n', 1)[0] ?? '{}')
    for (const [cursor, attempts] of Object.entries(stored ?? {}))
      if (typeof attempts === 'number') counts.set(cursor as Cursor, attempts)
  } catch {
    // Invalid JSON.
  }
  return counts
}
