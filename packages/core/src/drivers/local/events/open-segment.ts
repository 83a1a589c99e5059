import type { FileSystem } from '../home/file-system.js'
import { sealLine } from './log-record.js'
import { segmentPath } from './segment-file.js'

/** A segment that is open for appending. */
export interface OpenSegment {
  readonly number: number
  readonly descriptor: number
  /** Path of the next segment. */
  readonly nextPath: string
  /** Size at the last check: anything after it is new. */
  size: number
  /** No seal can be before this position. */
  clear: number
}

/** Opens a segment; returns `undefined` if there is no such file. */
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
 * Returns whether a segment ends with its seal. If it is the newest, its successor was deleted by hand: records appended here
 * would never count.
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

/** Creates an empty segment; returns false if it exists. */
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

/** The result of checking an open segment. */
export interface SegmentLook {
  /** The log continues in another segment: records after this one's seal are void. */
  readonly movedOn: boolean
  /** The file has no name left: the segment has expired, or was deleted by hand. */
  readonly removed: boolean
  readonly size: number
}

/** Checks whether earlier writes to a segment can be void. If the log has neither moved on nor lost the segment, they cannot. */
export function lookAtSegment(
  fileSystem: FileSystem,
  segment: Pick<OpenSegment, 'descriptor' | 'nextPath'>,
): SegmentLook {
  // The order of the two checks matters. Segments are removed oldest first: if this one still has a name, its
  // successor was not removed before, so a missing successor means that there never was one, nor a seal.
  const movedOn = fileSystem.status(segment.nextPath) !== undefined
  const { size, links } = fileSystem.openStatus(segment.descriptor)
  return { movedOn, removed: links === 0, size }
}
