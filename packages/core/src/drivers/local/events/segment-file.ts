import { join } from 'node:path'

/** Segments are numbered from here; a position in an empty log is the beginning of this one. */
export const FIRST_SEGMENT = 1

const FILE_NAME = /^(\d{8,})\.ndjson$/u

/** Path of a segment: `00000042.ndjson`. */
export function segmentPath(directory: string, segment: number): string {
  return join(directory, `${String(segment).padStart(8, '0')}.ndjson`)
}

/** Picks the segments out of a directory's names, oldest first. Whatever else lies there is left alone. */
export function segmentsIn(names: readonly string[] | undefined): number[] {
  const segments: number[] = []
  for (const name of names ?? []) {
    const digits = FILE_NAME.exec(name)?.[1]
    if (digits !== undefined) segments.push(Number(digits))
  }
  return segments.sort((left, right) => left - right)
}
