import { isPromiseLike } from '../base/wait/promise-like.js'
import type { CommandOutcome, EmittedEvent, EventsOf } from './options/cli-ops-options.js'

/**
 * Makes the events that follow a command. For a type, the data is the action's result if that is an object, else the
 * command's facts. A function makes its own events from the outcome.
 */
export function eventsOf(
  events: string | EventsOf,
  outcome: CommandOutcome,
  facts: object,
): readonly EmittedEvent[] {
  if (typeof events === 'string') {
    const { result } = outcome
    return [{ type: events, data: typeof result === 'object' && result !== null ? result : facts }]
  }
  const made: unknown = events(outcome)
  if (isPromiseLike(made)) {
    // The promise is dropped, and its later rejection would end the host, whose command is done.
    made.then(undefined, () => undefined)
    throw new TypeError('emits() must return its events directly, got a promise')
  }
  if (made === undefined || made === null) return []
  return Array.isArray(made) ? (made as readonly EmittedEvent[]) : [made as EmittedEvent]
}
