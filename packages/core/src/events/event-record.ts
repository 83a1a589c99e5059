import type { EventRecord } from '../drivers/event-driver.js'
import { CliOpsError } from '../errors/cli-ops-error.js'
import { toJson } from '../validation/to-json.js'
import { nextEventId } from './event-id.js'
import type { StoredEvent } from './event-types.js'

/** The largest event, as JSON with its envelope, in bytes. */
const MAX_EVENT_BYTES = 1024 * 1024

/** What an event is made of. */
export interface EventParts {
  readonly type: string
  readonly data: unknown
  readonly source: string
  readonly traceparent: string | undefined
}

/**
 * Makes an event, with its id and time, and its JSON. Missing data is `null`.
 *
 * @throws TypeError when the data cannot be written as JSON
 * @throws CliOpsError `MESSAGE_TOO_LARGE` above {@link MAX_EVENT_BYTES}
 */
export function createEventRecord({ type, data, source, traceparent }: EventParts): EventRecord {
  const dataJson = toJson('data', data ?? null)
  const attributes = {
    specversion: '1.0',
    id: nextEventId(),
    source,
    type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    ...(traceparent !== undefined && { traceparent }),
  } as const
  const json = `${JSON.stringify(attributes).slice(0, -1)},"data":${dataJson}}`
  assertSize(type, json)
  const event: StoredEvent = { ...attributes, data: data ?? null }
  return { event, json }
}

function assertSize(type: string, json: string): void {
  // Three bytes a code unit is the most UTF-8 needs, so small events skip the count.
  if (json.length * 3 <= MAX_EVENT_BYTES) return
  const bytes = Buffer.byteLength(json)
  if (bytes <= MAX_EVENT_BYTES) return
  throw new CliOpsError(
    'MESSAGE_TOO_LARGE',
    `the event ${JSON.stringify(type)} has ${bytes} bytes, more than ${MAX_EVENT_BYTES}; store the data elsewhere and emit where it is`,
    { details: { type, bytes, maxBytes: MAX_EVENT_BYTES } },
  )
}
