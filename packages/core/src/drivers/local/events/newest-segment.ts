import type { FileSystem } from '../home/file-system.js'
import {
  endsWithSeal,
  lookAtSegment,
  openSegment,
  type OpenSegment,
  type SegmentLook,
} from './open-segment.js'
import { newestSegment } from './segment-file.js'

/** What is known of a block right after it was written. */
export interface WriteLook extends SegmentLook {
  /** Where the block begins; `undefined` where others wrote as well, so that it has to be looked for. */
  readonly start: number | undefined
}

/**
 * The newest segment of the log, as far as this process knows, open for appending: where every append begins. It keeps the
 * descriptor between appends; each write is followed by a look whether the log has moved on meanwhile.
 */
export class NewestSegment {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  #open: OpenSegment | undefined

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
  }

  /** The segment that is open. */
  get current(): OpenSegment | undefined {
    return this.#open
  }

  /** The segment to append to; `undefined` where there is none that is begun and not sealed. */
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

  /** Looks whether a block counts that was just written: it does unless the log has moved on, or lost the segment. */
  lookAfter(segment: OpenSegment, block: Uint8Array): WriteLook {
    const { descriptor, size: before } = segment
    // The usual case. What is in front of the block was looked at before: a seal can only be behind it.
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

  /** Goes on with a segment that was begun just now. */
  goOnWith(segment: OpenSegment): OpenSegment {
    return (this.#open = segment)
  }

  /** Gives the descriptor back; the next append opens the newest segment anew. */
  close(): OpenSegment | undefined {
    const segment = this.#open
    this.#open = undefined
    if (segment !== undefined) this.#fileSystem.close(segment.descriptor)
    return segment
  }
}
