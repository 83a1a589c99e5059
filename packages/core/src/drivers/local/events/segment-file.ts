import { entryPath } from '../../../base/builtins.js'

/** Segments are numbered from here; a position in an empty log is the beginning of this one. */
export const FIRST_SEGMENT = 1

const SUFFIX = '.ndjson'
const MIN_DIGITS = 8
/** What is longer is no number that can be counted on from. */
const MAX_DIGITS = 15

/** Path of a segment: `00000042.ndjson`. */
export function segmentPath(directory: string, segment: number): string {
  return entryPath(directory, String(segment).padStart(MIN_DIGITS, '0') + SUFFIX)
}

/** Picks the segments out of a directory's names, oldest first. Whatever else lies there is left alone. */
export function segmentsIn(names: readonly string[]): number[] {
  const segments: number[] = []
  for (const name of names) {
    const segment = segmentOf(name)
    if (segment !== undefined) segments.push(segment)
  }
  return segments.sort((left, right) => left - right)
}

/** The newest of the segments in a directory; `undefined` where there is none. */
export function newestSegment(names: readonly string[]): number | undefined {
  let newest: number | undefined
  for (const name of names) {
    const segment = segmentOf(name)
    if (segment !== undefined && (newest === undefined || segment > newest)) newest = segment
  }
  return newest
}

/** A regular expression would be compiled for the one or two names that a command sees. */
function segmentOf(name: string): number | undefined {
  if (!name.endsWith(SUFFIX)) return undefined
  const length = name.length - SUFFIX.length
  if (length < MIN_DIGITS || length > MAX_DIGITS) return undefined
  for (let index = 0; index < length; index += 1) {
    const code = name.charCodeAt(index)
    if (code < 0x30 || code > 0x39) return undefined
  }
  return Number(name.slice(0, length))
}
