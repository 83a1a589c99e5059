import { type LogEntry, NOWHERE, parsePosition } from '@cli-ops/shared-ipc/driver'

/** Parses an entry of `XRANGE`. Returns undefined for a foreign entry. */
export function parseEntry([id, fields]: readonly [string, readonly string[]]):
  LogEntry | undefined {
  const position = parsePosition(id)
  const values = new Map<string, string>()
  for (let at = 0; at + 1 < fields.length; at += 2)
    values.set(fields[at] ?? '', fields[at + 1] ?? '')
  const json = values.get('j')
  if (position === undefined || json === undefined) return undefined
  const origin = values.get('o')
  return {
    position,
    json,
    // `none`: there was no log before. `?`: events after that end may have been lost.
    origin: origin === undefined ? undefined : (parsePosition(origin.replace('?', '')) ?? NOWHERE),
    mayMissMore: origin?.endsWith('?') === true,
  }
}
