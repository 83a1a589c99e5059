import {
  CliOpsError,
  type Cursor,
  type EventRecord,
  type StoredEvent,
} from '@cli-ops/shared-ipc/driver'

import { nameIn, objectIn, type Params } from './params.js'

const MAX_EVENT_BYTES = 1024 * 1024
const MAX_TEXT = 1_024

/** Returns a position in the log. @throws TypeError */
export function cursorIn(params: Params, key: string): Cursor {
  const value = params[key]
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value as Cursor
  throw new TypeError(`${key} must be a cursor`)
}

/** Returns the event and its line, serialised again from known fields: the client's own text could contain several lines. */
export function toRecord(value: unknown): EventRecord {
  const given = objectIn({ event: value }, 'event')
  const { specversion, datacontenttype, time, data = null, traceparent } = given
  if (specversion !== '1.0' || datacontenttype !== 'application/json')
    throw new TypeError('event must be a CloudEvent 1.0 with JSON data')
  if (typeof time !== 'string' || time.length > 64 || Number.isNaN(Date.parse(time)))
    throw new TypeError('event.time must be a date of RFC 3339')
  const trace = traceparent === undefined ? {} : { traceparent: nameIn(given, 'traceparent') }
  const event: StoredEvent = {
    specversion,
    id: nameIn(given, 'id'),
    source: nameIn(given, 'source'),
    type: nameIn(given, 'type'),
    time,
    datacontenttype,
    ...trace,
    data,
  }
  const json = JSON.stringify(event)
  const bytes = json.length * 3 > MAX_EVENT_BYTES ? Buffer.byteLength(json) : 0
  if (bytes > MAX_EVENT_BYTES)
    throw new CliOpsError('MESSAGE_TOO_LARGE', `an event has at most ${MAX_EVENT_BYTES} bytes`)
  return { event, json }
}
