import type { EventParts } from './event-record.js'

/** The parts that differ between events. */
export interface EventAttributes extends Omit<EventParts, 'data' | 'timeMs'> {
  readonly id: string
  readonly time: string
}

/** Writes an event as JSON. Assembled by hand, so the parts that every event shares need no work. */
export function eventJson(attributes: EventAttributes, dataJson: string): string {
  const { id, type, source, time, traceparent } = attributes
  const trace = traceparent === undefined ? '' : `,"traceparent":${JSON.stringify(traceparent)}`
  return `{"specversion":"1.0","id":"${id}","source":${JSON.stringify(source)},"type":${JSON.stringify(type)},"time":"${time}","datacontenttype":"application/json"${trace},"data":${dataJson}}`
}
