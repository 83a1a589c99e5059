import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import type { EventEnvelope } from './contract/event-types.js'

/** What `on` calls for each event. */
export type EventHandler<Data = unknown, Event = EventEnvelope> = (
  data: Data,
  event: Event,
) => unknown

/** Calls a handler with the data of an event and its envelope. */
export function callHandler(handler: EventHandler, event: EventEnvelope): unknown {
  return handler(event.data, event)
}

/** The caller's `onError`, which may itself throw or reject, or one line for the first failure. */
export type ErrorReporter = (error: unknown, event: EventEnvelope, attempt: number) => void

/** Makes what reports the failures of a subscription. What it returns never throws. */
export function createErrorReporter(
  pattern: string,
  onError: ((error: unknown, event: EventEnvelope, attempt: number) => unknown) | undefined,
): ErrorReporter {
  let said = false
  const sayOnce = (error: unknown, event: EventEnvelope): void => {
    if (said) return
    said = true
    say(`the handler of "${pattern}" failed on event ${event.id}: ${errorText(error)}`)
  }
  if (onError === undefined) return sayOnce
  return (error, event, attempt) => {
    callSafely(
      () => onError(error, event, attempt),
      (second) => sayOnce(second, event),
    )
  }
}
