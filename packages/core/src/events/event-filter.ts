import { warnOnce } from '../diagnostics/message.js'
import type { MaybePromise } from '../drivers/maybe-promise.js'
import { type StandardSchema, validate, type Validated } from '../validation/standard-schema.js'
import type { EventEnvelope } from './event-types.js'
import { matcherOf } from './event-pattern.js'

/**
 * Decides what of the log a subscription is given: what its pattern selects and, where there is a schema for the type,
 * what satisfies it. Any process of the user can write to the log, so what is read is not trusted.
 */
export class EventFilter {
  readonly matches: (type: string) => boolean
  readonly #schemas: ReadonlyMap<string, StandardSchema>

  constructor(pattern: string, schemas: ReadonlyMap<string, StandardSchema>) {
    this.matches = matcherOf(pattern)
    this.#schemas = schemas
  }

  /** The event with its validated data; `undefined` for one to be skipped. At once unless the schema is asynchronous. */
  check(event: EventEnvelope): MaybePromise<EventEnvelope | undefined> {
    if (!this.matches(event.type)) return undefined
    const schema = this.#schemas.get(event.type)
    if (schema === undefined) return event
    const validated = validate(schema, event.data)
    return validated instanceof Promise
      ? validated.then((result) => accept(event, result))
      : accept(event, validated)
  }
}

function accept(event: EventEnvelope, validated: Validated<unknown>): EventEnvelope | undefined {
  if (validated.ok) return { ...event, data: validated.value }
  const { type, source } = event
  warnOnce(
    `invalid event ${type} ${source}`,
    `skipping events "${type}" of ${source} that break their schema: ${validated.reason}`,
  )
  return undefined
}
