/** A position in the event log: opaque, ordered by the log, safe to store. */
export type Cursor = string & { readonly __cursor: never }

/** An event in a CloudEvents 1.0 envelope (https://github.com/cloudevents/spec). */
export interface EventEnvelope<Data = unknown, Type extends string = string> {
  readonly specversion: '1.0'
  /** Unique together with `source`; tells a repeated delivery from a new event. */
  readonly id: string
  readonly source: string
  readonly type: Type
  /** RFC 3339 time of the emit. */
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: Data
  /** Where to continue after this event: `subscribe(pattern, { from: event.cursor })`. */
  readonly cursor: Cursor
  /** W3C trace context, passed on from the emitter. */
  readonly traceparent?: string
}

/** The part of an envelope that is stored; the position adds the cursor. */
export type StoredEvent = Omit<EventEnvelope, 'cursor'>

/** Events that expired before a subscription could read them. */
export interface EventGap {
  /** The position that no longer exists. */
  readonly expected: Cursor
  /** The oldest kept position, where reading continues. */
  readonly resumeAt: Cursor
  /** How many events were missed, if the engine can count them. */
  readonly missed?: number
}

/** Where a subscription starts. */
export type StartPosition = 'latest' | 'earliest' | Date | Cursor
