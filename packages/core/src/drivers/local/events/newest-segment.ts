import type { FileSystem } from '../home/file-system.js'
import { findNewestSegment, lookAfterWrite, type WriteLook } from './append-steps.js'
import type { OpenSegment } from './open-segment.js'

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
    return (this.#open ??= findNewestSegment(this.#fileSystem, this.#directory))
  }

  /**
   * Checks whether a block that was just written counts: it does unless the log has moved on, or lost the segment.
   */
  lookAfter(segment: OpenSegment, block: Uint8Array): WriteLook {
    return lookAfterWrite(this.#fileSystem, segment, block)
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
