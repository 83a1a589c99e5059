import type { CommandOutcome, EmittedEvent, EventsOf } from './options/cli-ops-options.js'

/**
 * Makes the events that follow a command: of the type given, with what the action returned where that is an
 * object and the command's facts where it is not, or whatever a function makes of the outcome.
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
  const made = events(outcome)
  if (made === undefined) return []
  return Array.isArray(made) ? (made as readonly EmittedEvent[]) : [made as EmittedEvent]
}
