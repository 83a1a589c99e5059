import { callSafely } from '../base/errors/call-safely.js'
import { warnOnce } from '../base/terminal/message.js'
import type { MaybePromise } from '../base/wait/maybe-promise.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import {
  type StandardSchema,
  validate,
  type Validated,
} from '../base/validation/standard-schema.js'
import type { EventEnvelope } from './contract/event-types.js'
import { matcherOf } from './event-pattern.js'

/** An event for its subscription, or the reason that it is refused. */
export type Checked =
  | { readonly event: EventEnvelope; readonly refusal?: undefined }
  | { readonly refusal: CliOpsError }

/**
 * Selects the events of a subscription: those that match its pattern and, if their type has a schema, satisfy it. Any process of the
 * user can write to the log, so its content is not trusted.
 */
export class EventFilter {
  readonly matches: (type: string) => boolean
  readonly #schemas: ReadonlyMap<string, StandardSchema>

  constructor(pattern: string, schemas: ReadonlyMap<string, StandardSchema>) {
    this.matches = matcherOf(pattern)
    this.#schemas = schemas
  }

  /**
   * Returns the event with its validated data, or why its schema refuses it. Synchronous unless the schema is asynchronous. Never
   * throws or rejects.
   */
  check(event: EventEnvelope): MaybePromise<Checked> {
    const schema = this.#schemas.get(event.type)
    if (schema === undefined) return { event }
    const validated = validate(schema, event.data)
    return validated instanceof Promise
      ? validated.then((result) => judge(event, result))
      : judge(event, validated)
  }
}

/** Reports an event that is skipped because it breaks its schema: to the caller's `onError`, or with one line for each source. */
export function reportRefusal(
  refusal: CliOpsError,
  event: EventEnvelope,
  onError: ((error: unknown, event: EventEnvelope, attempt: number) => unknown) | undefined,
): void {
  const { type, source } = event
  const warn = (): void => {
    warnOnce(
      `invalid event ${type} ${source}`,
      `skipping events "${type}" from ${source} that break their schema: ${String(refusal.details?.['reason'])}`,
    )
  }
  if (onError === undefined) warn()
  else callSafely(() => onError(refusal, event, 1), warn)
}

function judge(event: EventEnvelope, validated: Validated<unknown>): Checked {
  if (validated.ok) return { event: { ...event, data: validated.value } }
  return { refusal: schemaError(event.type, validated.reason) }
}

/** The error for data that breaks its schema, at the emitter and at a subscriber. */
export function schemaError(type: string, reason: string): CliOpsError {
  const message = `the event ${JSON.stringify(type)} breaks its schema in its stored form, after JSON: ${reason}`
  return new CliOpsError('INVALID_MESSAGE', message, { details: { type, reason } })
}
