import { entryPath } from '../../../base/builtins.js'

/** Segment numbers start here; a position in an empty log is the start of this one. */
export const FIRST_SEGMENT = 1

const SUFFIX = '.ndjson'
const MIN_DIGITS = 8
/** Longer numbers cannot be counted up exactly. */
const MAX_DIGITS = 15

/** Path of a segment: `00000042.ndjson`. */
export function segmentPath(directory: string, segment: number): string {
  return entryPath(directory, String(segment).padStart(MIN_DIGITS, '0') + SUFFIX)
}

/** Returns the segments among a directory's names, oldest first. Other files are left alone. */
export function segmentsIn(names: readonly string[]): number[] {
  const segments: number[] = []
  for (const name of names) {
    const segment = segmentOf(name)
    if (segment !== undefined) segments.push(segment)
  }
  return segments.sort((left, right) => left - right)
}

/** Returns the newest segment in a directory; `undefined` if there is none. */
export function newestSegment(names: readonly string[]): number | undefined {
  let newest: number | undefined
  for (const name of names) {
    const segment = segmentOf(name)
    if (segment !== undefined && (newest === undefined || segment > newest)) newest = segment
  }
  return newest
}

/** No regular expression: it would be compiled for the one or two names that a command sees. */
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
