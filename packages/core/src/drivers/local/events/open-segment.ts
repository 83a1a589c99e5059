import type { FileSystem } from '../home/file-system.js'
import { sealLine } from './log-record.js'
import { segmentPath } from './segment-file.js'

/** A segment that is open for appending. */
export interface OpenSegment {
  readonly number: number
  readonly descriptor: number
  /** Path of the segment after it. */
  readonly nextPath: string
  /** Size after the last look: what is behind it is new. */
  size: number
  /** No seal can be in front of this place. */
  clear: number
}

/** Opens a segment; `undefined` where there is no such file. */
export function openSegment(
  fileSystem: FileSystem,
  directory: string,
  number: number,
): OpenSegment | undefined {
  const descriptor = fileSystem.openAppend(segmentPath(directory, number))
  if (descriptor === undefined) return undefined
  try {
    const size = fileSystem.size(descriptor)
    return { number, descriptor, nextPath: segmentPath(directory, number + 1), size, clear: 0 }
  } catch (error) {
    fileSystem.close(descriptor)
    throw error
  }
}

/**
 * Tells whether a segment ends with its seal. Where it is the newest, the one after it was deleted by hand: what is appended here
 * would count for nobody.
 */
export function endsWithSeal(
  fileSystem: FileSystem,
  { descriptor, number, size }: Pick<OpenSegment, 'descriptor' | 'number' | 'size'>,
): boolean {
  const seal = `\n${sealLine(number)}\n`
  const end = Buffer.allocUnsafe(seal.length)
  const length = fileSystem.read(descriptor, end, Math.max(0, size - seal.length))
  return end.toString('latin1', 0, length) === seal
}

/** Makes a segment, empty; false where it exists. */
export function createSegment(fileSystem: FileSystem, directory: string, number: number): boolean {
  try {
    const path = segmentPath(directory, number)
    const descriptor = fileSystem.openAppend(path, { exclusive: true })
    if (descriptor !== undefined) fileSystem.close(descriptor)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** What a look at an open segment shows. */
export interface SegmentLook {
  /** The log goes on in another segment: records behind the seal of this one are void. */
  readonly movedOn: boolean
  /** No name is left: the segment has expired, or was deleted by hand. */
  readonly removed: boolean
  readonly size: number
}

/** Looks whether what was in a segment before can be void. Where the log has neither moved on nor lost the segment, it cannot. */
export function lookAtSegment(
  fileSystem: FileSystem,
  segment: Pick<OpenSegment, 'descriptor' | 'nextPath'>,
): SegmentLook {
  // The order of the two looks matters. Segments are removed oldest first: one that still has a name now had no
  // removed successor before, so a missing successor means that there has never been one, nor a seal.
  const movedOn = fileSystem.status(segment.nextPath) !== undefined
  const { size, links } = fileSystem.openStatus(segment.descriptor)
  return { movedOn, removed: links === 0, size }
}
