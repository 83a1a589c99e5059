import type { EventEnvelope } from './contract/event-types.js'

/** The type of an event's data by its type; a type that the map does not know has unknown data. */
export type EventData<Events, Type extends string> = Type extends keyof Events
  ? Events[Type]
  : unknown

/** The known types that a pattern selects. */
type TypesOf<Events, Pattern extends string> = Pattern extends '*'
  ? keyof Events & string
  : Pattern extends `${infer Prefix}:*`
    ? Extract<keyof Events & string, `${Prefix}:${string}`>
    : Pattern

/** The envelopes that a subscription to `Pattern` is given. */
export type EventOf<Events, Pattern extends string> =
  | KnownEventOf<Events, TypesOf<Events, Pattern>>
  // A pattern also selects types that the map does not know.
  | (Pattern extends '*' | `${string}:*` ? EventEnvelope : never)

type KnownEventOf<Events, Type extends string> = Type extends string
  ? EventEnvelope<EventData<Events, Type>, Type>
  : never

/** The data that a handler of `Pattern` is given. */
export type DataOf<Events, Pattern extends string> = Pattern extends '*' | `${string}:*`
  ? unknown
  : EventData<Events, Pattern>
