import type { FileSystem } from '../home/file-system.js'
import { LineReader } from './line-reader.js'
import { decodeLine, sealLine } from './log-record.js'
import { segmentPath, segmentsIn } from './segment-file.js'
import { readHeader } from './segment-scan.js'

/** How every event of the kit begins; events of other programs are parsed. */
const BEGINNING = '{"specversion":"1.0","id":"'

/**
 * Returns which of these events the log contains, by their ids. If stored at all, they were stored at `sinceMs` (milliseconds since the
 * epoch) or later; expired events are not found. Makes one pass for all of them, from the newest segment back to the one that was the
 * newest then.
 */
export function findStoredEvents(
  fileSystem: FileSystem,
  directory: string,
  ids: ReadonlySet<string>,
  sinceMs: number,
): ReadonlySet<string> {
  const found = new Set<string>()
  for (const segment of segmentsIn(fileSystem.list(directory)).reverse()) {
    const descriptor = fileSystem.openRead(segmentPath(directory, segment))
    // It expired after the directory was listed.
    if (descriptor === undefined) continue
    try {
      findIn(fileSystem, descriptor, segment, ids, found)
      const { startedAt } = readHeader(fileSystem, descriptor)
      if (found.size === ids.size || (startedAt !== 0 && startedAt < sinceMs)) break
    } finally {
      fileSystem.close(descriptor)
    }
  }
  return found
}

function findIn(
  fileSystem: FileSystem,
  descriptor: number,
  segment: number,
  ids: ReadonlySet<string>,
  found: Set<string>,
): void {
  const seal = sealLine(segment)
  new LineReader(fileSystem, descriptor, 0).read((text) => {
    // Records after the seal are void.
    if (text === seal) return false
    if (mayHold(text, ids)) {
      // A killed writer leaves a partial line, and the next record follows it.
      const line = decodeLine(text)
      if (line.kind === 'event' && ids.has(line.event.id)) found.add(line.event.id)
    }
    return found.size < ids.size
  })
}

function mayHold(text: string, ids: ReadonlySet<string>): boolean {
  if (!text.startsWith(BEGINNING)) return true
  return ids.has(text.slice(BEGINNING.length, text.indexOf('"', BEGINNING.length)))
}
