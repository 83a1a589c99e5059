import type { EventHandler } from './event-handler.js'

/** The interface that vitest's and jest's mock functions share. */
interface Spy {
  readonly _isMockFunction?: unknown
  readonly getMockImplementation?: () => unknown
}

/**
 * Returns what an in-memory bus calls for a handler. A mock function without an implementation only records its arguments, and a test
 * with `expect(handler).toHaveBeenCalledWith({ id: 'task-123' })` means the data, so it gets the data only. Every other handler gets
 * the data and the envelope, as on every other bus (ADR 021).
 */
export function withoutEnvelopeForSpies(handler: EventHandler): EventHandler {
  const spy = handler as EventHandler & Spy
  if (spy._isMockFunction !== true || typeof spy.getMockImplementation !== 'function')
    return handler
  return (data, event) => {
    // Checked for each event: an implementation can be set after `on`.
    const isBare = spy.getMockImplementation?.() === undefined
    return isBare ? (handler as (data: unknown) => unknown)(data) : handler(data, event)
  }
}
