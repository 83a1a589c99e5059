import type { EventEnvelope } from './contract/event-types.js'

/** The data of an event type; `unknown` for a type that is not in the map. */
export type EventData<Events, Type extends string> = Type extends keyof Events
  ? Events[Type]
  : unknown

/** The known types that match a pattern. */
type TypesOf<Events, Pattern extends string> = Pattern extends '*'
  ? keyof Events & string
  : Pattern extends `${infer Prefix}:*`
    ? Extract<keyof Events & string, `${Prefix}:${string}`>
    : Pattern

/** The envelopes that a subscription to `Pattern` gets. */
export type EventOf<Events, Pattern extends string> =
  | KnownEventOf<Events, TypesOf<Events, Pattern>>
  // A pattern also matches types that are not in the map.
  | (Pattern extends '*' | `${string}:*` ? EventEnvelope : never)

type KnownEventOf<Events, Type extends string> = Type extends string
  ? EventEnvelope<EventData<Events, Type>, Type>
  : never

/** The data that a handler of `Pattern` gets. */
export type DataOf<Events, Pattern extends string> = Pattern extends '*' | `${string}:*`
  ? unknown
  : EventData<Events, Pattern>
