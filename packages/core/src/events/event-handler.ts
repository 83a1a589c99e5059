import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import type { EventEnvelope } from './contract/event-types.js'

/** Called by `on` for each event. */
export type EventHandler<Data = unknown, Event = EventEnvelope> = (
  data: Data,
  event: Event,
) => unknown

/** Calls a handler with the data of an event and its envelope. */
export function callHandler(handler: EventHandler, event: EventEnvelope): unknown {
  return handler(event.data, event)
}

/** Calls the caller's `onError`, which can itself throw or reject, or writes one line for the first failure. */
export type ErrorReporter = (error: unknown, event: EventEnvelope, attempt: number) => void

/** Creates the reporter of a subscription's failures, which never throws. */
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
