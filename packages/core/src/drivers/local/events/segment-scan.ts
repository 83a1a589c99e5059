import type { FileSystem } from '../home/file-system.js'
import { LineReader } from './line-reader.js'
import { decodeLine, encodeSeal, sealLine, type SegmentHeader } from './log-record.js'

const CHUNK_BYTES = 64 * 1024
/** Room for a header after several torn ones. */
const HEADER_BYTES = 512
const NEWLINE = 0x0a

/**
 * Finds the first occurrence of `pattern` at or after `from`; returns `undefined` if there is none yet. Files grow
 * while they are read, and data appended meanwhile is read too.
 */
export function findBytes(
  fileSystem: FileSystem,
  descriptor: number,
  pattern: Uint8Array,
  from: number,
): number | undefined {
  const buffer = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, pattern.length * 2))
  let position = from
  for (;;) {
    const length = readFully(fileSystem, descriptor, buffer, position)
    const found = buffer.subarray(0, length).indexOf(pattern)
    if (found >= 0) return position + found
    if (length < buffer.length) return undefined
    // A match can straddle two chunks.
    position += length - pattern.length + 1
  }
}

/**
 * Finds where a segment was sealed. `from` must not be after the seal; a later `from` saves reading the whole
 * segment.
 */
export function findSeal(
  fileSystem: FileSystem,
  descriptor: number,
  segment: number,
  from: number,
): number | undefined {
  return findBytes(fileSystem, descriptor, encodeSeal(segment), from)
}

/** Reads a segment's header: its first complete line, which ends within these bytes. */
export function readHeader(fileSystem: FileSystem, descriptor: number): SegmentHeader {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES)
  const length = fileSystem.read(descriptor, buffer, 0)
  return headerIn(buffer.toString('latin1', 0, length))
}

function headerIn(text: string): SegmentHeader {
  for (const line of text.split('\n', 8)) {
    const decoded = line === '' ? undefined : decodeLine(line)
    if (decoded?.kind === 'header') return decoded.header
  }
  return { startedAt: 0, previousEnd: undefined }
}

/**
 * Returns the last position at or before `size` where a line begins. A record being written becomes visible piece by
 * piece, so the file can end inside one.
 */
export function lastLineStart(fileSystem: FileSystem, descriptor: number, size: number): number {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  // The last byte is nearly always a newline, so a short read suffices.
  let window = 1
  let end = size
  while (end > 0) {
    const start = Math.max(0, end - window)
    const length = fileSystem.read(descriptor, buffer.subarray(0, end - start), start)
    const found = buffer.subarray(0, length).lastIndexOf(NEWLINE)
    if (found >= 0) return start + found + 1
    end = start
    window = CHUNK_BYTES
  }
  return 0
}

/** Counts the events of a sealed segment. */
export function countEvents(fileSystem: FileSystem, descriptor: number, segment: number): number {
  const seal = sealLine(segment)
  const lines = new LineReader(fileSystem, descriptor, 0)
  let count = 0
  lines.read((line) => {
    if (line === seal) return false
    if (decodeLine(line).kind === 'event') count += 1
    return true
  })
  return count
}

/** Fills the buffer as far as the file has data. */
function readFully(
  fileSystem: FileSystem,
  descriptor: number,
  buffer: Buffer,
  position: number,
): number {
  let length = 0
  while (length < buffer.length) {
    const read = fileSystem.read(descriptor, buffer.subarray(length), position + length)
    if (read === 0) break
    length += read
  }
  return length
}
