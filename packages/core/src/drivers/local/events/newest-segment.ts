import type { FileSystem } from '../home/file-system.js'
import {
  endsWithSeal,
  lookAtSegment,
  openSegment,
  type OpenSegment,
  type SegmentLook,
} from './open-segment.js'
import { newestSegment } from './segment-file.js'

/** What is known about a block right after it was written. */
export interface WriteLook extends SegmentLook {
  /** Where the block begins; `undefined` if others wrote as well, so that it has to be searched for. */
  readonly start: number | undefined
}

/**
 * The newest segment of the log, as far as this process knows, open for appending: every append starts here. It keeps the
 * descriptor between appends; after each write it checks whether the log has moved on meanwhile.
 */
export class NewestSegment {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  #open: OpenSegment | undefined

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
  }

  /** The open segment. */
  get current(): OpenSegment | undefined {
    return this.#open
  }

  /** Returns the segment to append to; `undefined` if none has begun that is not sealed. */
  find(): OpenSegment | undefined {
    if (this.#open !== undefined) return this.#open
    const newest = newestSegment(this.#fileSystem.list(this.#directory))
    if (newest === undefined) return undefined
    const segment = openSegment(this.#fileSystem, this.#directory, newest)
    if (segment === undefined) return undefined
    try {
      if (segment.size > 0 && !endsWithSeal(this.#fileSystem, segment))
        return (this.#open = segment)
    } finally {
      if (this.#open !== segment) this.#fileSystem.close(segment.descriptor)
    }
    return undefined
  }

  /**
   * Checks whether a block that was just written counts: it does unless the log has moved on, or lost the segment.
   */
  lookAfter(segment: OpenSegment, block: Uint8Array): WriteLook {
    const { descriptor, size: before } = segment
    // The usual case. Data before the block was checked earlier: a seal can only come after it.
    if (segment.clear === before) {
      const { size, links } = this.#fileSystem.openStatus(descriptor)
      if (size === before + block.length && links > 0) {
        segment.size = segment.clear = size
        return { movedOn: false, removed: false, size, start: before }
      }
    }
    const look = lookAtSegment(this.#fileSystem, segment)
    const start = look.size - before === block.length ? before : undefined
    if (start !== undefined && !look.movedOn && !look.removed)
      segment.size = segment.clear = look.size
    return { ...look, start }
  }

  /** Continues with a segment that has just begun. */
  goOnWith(segment: OpenSegment): OpenSegment {
    return (this.#open = segment)
  }

  /** Closes the descriptor; the next append opens the newest segment again. */
  close(): OpenSegment | undefined {
    const segment = this.#open
    this.#open = undefined
    if (segment !== undefined) this.#fileSystem.close(segment.descriptor)
    return segment
  }
}
