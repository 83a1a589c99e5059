import { say } from '../diagnostics/message.js'
import type { EventEnvelope } from './event-types.js'

/**
 * What `on` calls for each event. A handler that declares one parameter is called with the data alone; one that
 * declares two gets the envelope as well.
 */
export type EventHandler<Data = unknown, Event = EventEnvelope> = (
  data: Data,
  event: Event,
) => unknown

/** Calls a handler with as many arguments as it declares. */
export function callHandler(handler: EventHandler, event: EventEnvelope): unknown {
  // The envelope would be a surprise to a handler that is a function of the data, such as a spy.
  return handler.length >= 2
    ? handler(event.data, event)
    : (handler as (data: unknown) => unknown)(event.data)
}

/** Makes what reports a handler's errors: the caller's function, or one line for the first of them. */
export function createErrorReporter(
  pattern: string,
  onError: ((error: unknown, event: EventEnvelope) => void) | undefined,
): (error: unknown, event: EventEnvelope) => void {
  let said = false
  const sayOnce = (error: unknown, event: EventEnvelope): void => {
    if (said) return
    said = true
    say(`the handler of "${pattern}" failed on event ${event.id}: ${messageOf(error)}`)
  }
  if (onError === undefined) return sayOnce
  return (error, event) => {
    try {
      onError(error, event)
    } catch (second) {
      sayOnce(second, event)
    }
  }
}

/** Tells whether a handler has returned something to wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
