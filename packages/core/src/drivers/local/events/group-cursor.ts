import { join } from 'node:path'

import { debug } from '../../../base/terminal/message.js'
import { encodeFileName } from '../../../base/names/file-name.js'
import type { FileSystem } from '../home/file-system.js'
import { fromCursor, type LogPosition, toCursor } from './log-position.js'

const SUFFIX = '.json'

/** The content of a group's file: a position, or unreadable. */
export type StoredCursor = LogPosition | 'unreadable' | undefined

/**
 * The cursors of durable groups, one file each. Only the group's active reader writes to it, by a temporary file and
 * `rename`, so a crash leaves either the old cursor or the new one.
 */
export class GroupCursors {
  readonly #fileSystem: FileSystem
  readonly #directory: string

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
  }

  /** Returns the committed position; `undefined` for a group that was never started. */
  read(group: string): StoredCursor {
    return this.#readFile(this.#path(group))
  }

  /**
   * Stores the position of a group's first start, unless it has one. The first of several processes wins: events
   * emitted after its start belong to the group.
   */
  createIfMissing(group: string, position: () => LogPosition): void {
    if (this.read(group) !== undefined) return
    try {
      // A crash during this leaves an empty file. It counts as a lost cursor, and nothing is skipped.
      this.#fileSystem.createFile(this.#path(group), encode(group, position()))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }

  write(group: string, position: LogPosition): void {
    const path = this.#path(group)
    // The active reader is the only writer, so one name is enough; a dead reader's leftover is overwritten.
    const temporary = `${path}.new`
    this.#fileSystem.unlink(temporary)
    this.#fileSystem.createFile(temporary, encode(group, position))
    this.#fileSystem.rename(temporary, path)
  }

  /**
   * Returns the oldest segment that a group still needs; 0 if a cursor is unreadable, since that group might need
   * everything.
   */
  oldestSegment(): number | undefined {
    let oldest: number | undefined
    for (const name of this.#fileSystem.list(this.#directory)) {
      if (!name.endsWith(SUFFIX)) continue
      const cursor = this.#readFile(join(this.#directory, name))
      if (cursor === undefined) continue
      const segment = cursor === 'unreadable' ? 0 : cursor.segment
      oldest = Math.min(oldest ?? segment, segment)
    }
    return oldest
  }

  #readFile(path: string): StoredCursor {
    const content = this.#fileSystem.readFile(path)
    if (content === undefined) return undefined
    try {
      const { cursor } = JSON.parse(content) as { readonly cursor?: unknown }
      const position = typeof cursor === 'string' ? fromCursor(cursor) : undefined
      if (position !== undefined) return position
    } catch {
      // Fall through: invalid JSON, or null.
    }
    debug(() => `${path} holds no cursor`)
    return 'unreadable'
  }

  #path(group: string): string {
    return join(this.#directory, `${encodeFileName(group)}${SUFFIX}`)
  }
}

function encode(group: string, position: LogPosition): string {
  return `${JSON.stringify({ group, cursor: toCursor(position) })}\n`
}
