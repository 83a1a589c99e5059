import type { EventEnvelope } from '../../../events/contract/event-types.js'
import { parseJson } from '../../../base/validation/parse-json.js'
import type { EventRecord } from '../../../events/contract/event-driver.js'

/**
 * A record is one line of JSON between two newlines. The leading newline ends the partial line of a writer that was
 * killed in mid-write, so a torn record can never swallow this one.
 */
const encodeLine = (json: string): Buffer => Buffer.from(`\n${json}\n`)

/** The longest line that a reader accepts, in bytes; longer lines are skipped as garbage. */
export const MAX_LINE_BYTES = 2 * 1024 * 1024

/**
 * A record nested more deeply is garbage. The kit's own events are nested a fifth as deep; records nested thousands of levels deep
 * could not be copied to hand them to a group or to park them.
 */
const MAX_LEVELS = 1000

/** The first record of a segment. */
export interface SegmentHeader {
  /** When the segment began, in milliseconds since the epoch; 0 if the header is unreadable. */
  readonly startedAt: number
  /** Where the previous segment was sealed: a cursor at or after that position has missed nothing. */
  readonly previousEnd: number | undefined
}

export function encodeEvent(record: Pick<EventRecord, 'json'>): Buffer {
  return encodeLine(record.json)
}

/**
 * The line that seals a segment, compared byte for byte: a seal torn by a crash does not count. JSON contains no raw
 * newline, so with its two newlines the seal occurs nowhere else in a segment, whatever the events contain.
 */
export function sealLine(segment: number): string {
  return `{"cliops":"seal","segment":${segment}}`
}

export function encodeSeal(segment: number): Buffer {
  return encodeLine(sealLine(segment))
}

export function encodeHeader(segment: number, header: SegmentHeader): Buffer {
  const { startedAt, previousEnd } = header
  return encodeLine(
    JSON.stringify({ cliops: 'header', version: 1, segment, startedAt, previousEnd }),
  )
}

/** A parsed line of a segment. */
export type LogLine =
  | { readonly kind: 'event'; readonly event: Mutable<EventEnvelope> }
  | { readonly kind: 'header'; readonly header: SegmentHeader }
  | { readonly kind: 'garbage' }

/** The reader adds the cursor to the parsed object instead of copying it. */
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const GARBAGE: LogLine = { kind: 'garbage' }

/** Parses one line without its newlines. Never throws: files can be torn, edited or hostile. */
export function decodeLine(line: string): LogLine {
  let value: unknown
  try {
    value = parseJson(line)
  } catch {
    return GARBAGE
  }
  if (typeof value !== 'object' || value === null) return GARBAGE
  // Each level takes two characters, so most lines need no check.
  if (line.length > 2 * MAX_LEVELS && isDeeperThan(value, MAX_LEVELS)) return GARBAGE
  if (isEvent(value)) return { kind: 'event', event: value }
  const { cliops, startedAt, previousEnd } = value as Record<string, unknown>
  if (cliops !== 'header') return GARBAGE
  return {
    kind: 'header',
    header: {
      startedAt: typeof startedAt === 'number' ? startedAt : 0,
      previousEnd: typeof previousEnd === 'number' ? previousEnd : undefined,
    },
  }
}

function isEvent(value: object): value is Mutable<EventEnvelope> {
  const event = value as Partial<Record<keyof EventEnvelope, unknown>>
  return (
    event.specversion === '1.0' &&
    isNonEmptyString(event.type) &&
    isNonEmptyString(event.id) &&
    isNonEmptyString(event.source) &&
    typeof event.time === 'string' &&
    'data' in value
  )
}

function isDeeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true
  for (const member of Object.values(value) as unknown[])
    if (typeof member === 'object' && member !== null && isDeeperThan(member, levels - 1))
      return true
  return false
}

function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
