import type { EventRecord } from './event-driver.js'
import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { toJson } from '../../base/validation/to-json.js'
import { nextEventId } from './event-id.js'
import { isoNow } from './event-time.js'
import type { Cursor, EventEnvelope } from './event-types.js'

/** The largest event, as JSON with its envelope, in bytes. */
const MAX_EVENT_BYTES = 1024 * 1024

/** What an event is made of. */
export interface EventParts {
  readonly type: string
  readonly data: unknown
  readonly source: string
  readonly traceparent: string | undefined
  /** Milliseconds since the epoch. @default now */
  readonly timeMs?: number | undefined
}

/** An event that was just made. */
export interface CreatedRecord extends EventRecord {
  /** The data as it is stored. */
  readonly dataJson: string
}

/**
 * Makes an event, with its id and time, and its JSON. Missing data is `null`.
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
  // Made as one literal: what is the same in every event need not be looked at anew.
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

/** What is not the same in every event. */
interface EventAttributes extends Omit<EventParts, 'data' | 'timeMs'> {
  readonly id: string
  readonly time: string
}

/** Writes an event as JSON. Put together by hand: what is the same in every event need not be looked at anew. */
export function eventJson(attributes: EventAttributes, dataJson: string): string {
  const { id, type, source, time, traceparent } = attributes
  const trace = traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
  return `{"specversion":"1.0","id":"${id}","source":${JSON.stringify(source)},"type":${JSON.stringify(type)},"time":"${time}","datacontenttype":"application/json"${trace},"data":${dataJson}}`
}

/** The event as its emitter is given it. */
export function toEnvelope({ event }: EventRecord, cursor: Cursor): EventEnvelope {
  const { specversion, id, source, type, time, datacontenttype, data, traceparent } = event
  const envelope = { specversion, id, source, type, time, datacontenttype, data, cursor }
  return traceparent === undefined ? envelope : { ...envelope, traceparent }
}

function assertSize(type: string, json: string): void {
  // Three bytes a code unit is the most UTF-8 needs, so small events skip the count.
  if (json.length * 3 <= MAX_EVENT_BYTES) return
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_EVENT_BYTES) return
  throw new CliOpsError(
    'MESSAGE_TOO_LARGE',
    `the event ${JSON.stringify(type)} has ${bytes} bytes, more than ${MAX_EVENT_BYTES}; store the data elsewhere and emit a reference to it`,
    { details: { type, bytes, maxBytes: MAX_EVENT_BYTES } },
  )
}
