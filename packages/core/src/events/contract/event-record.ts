import type { EventRecord } from './event-driver.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { toJson } from '../../base/validation/to-json.js'
import { nextEventId } from './event-id.js'
import { eventJson } from './event-json.js'
import { isoNow } from './event-time.js'
import type { Cursor, EventEnvelope } from './event-types.js'

/** The largest event, as JSON with its envelope, in bytes. */
const MAX_EVENT_BYTES = 1024 * 1024

/** The parts of an event. */
export interface EventParts {
  readonly type: string
  readonly data: unknown
  readonly source: string
  readonly traceparent: string | undefined
  /** Milliseconds since the epoch. @default now */
  readonly timeMs?: number | undefined
}

/** A newly created event. */
export interface CreatedRecord extends EventRecord {
  /** The data as stored. */
  readonly dataJson: string
}

/**
 * Creates an event with its id, time and JSON. Missing data becomes `null`.
 *
 * @throws TypeError when the data cannot be written as JSON
 * @throws CliOpsError `MESSAGE_TOO_LARGE` above {@link MAX_EVENT_BYTES}
 */
export function createEventRecord(parts: EventParts): CreatedRecord {
  const { type, data, source, traceparent, timeMs } = parts
  const stored = data ?? null
  const dataJson = toJson('data', stored)
  const id = nextEventId()
  const time = isoNow(timeMs)
  const json = eventJson({ id, type, source, time, traceparent }, dataJson)
  // One literal, so the parts that every event shares need no work.
  assertSize(type, json)
  const datacontenttype = 'application/json'
  const event = {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    datacontenttype,
    data: stored,
  } as const
  return { event: traceparent === undefined ? event : { ...event, traceparent }, json, dataJson }
}

/** Returns the envelope that the emitter gets. */
export function toEnvelope({ event }: EventRecord, cursor: Cursor): EventEnvelope {
  const { specversion, id, source, type, time, datacontenttype, data, traceparent } = event
  const envelope = { specversion, id, source, type, time, datacontenttype, data, cursor }
  return traceparent === undefined ? envelope : { ...envelope, traceparent }
}

function assertSize(type: string, json: string): void {
  // UTF-8 needs at most three bytes per code unit, so small events skip the count.
  if (json.length * 3 <= MAX_EVENT_BYTES) return
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_EVENT_BYTES) return
  throw new CliOpsError(
    'MESSAGE_TOO_LARGE',
    `the event ${JSON.stringify(type)} has ${bytes} bytes, more than ${MAX_EVENT_BYTES}; store the data elsewhere and emit a reference to it`,
    { details: { type, bytes, maxBytes: MAX_EVENT_BYTES } },
  )
}
