import type { EventHandler } from './event-handler.js'

/** What vitest's and jest's mock functions have in common. */
interface Spy {
  readonly _isMockFunction?: unknown
  readonly getMockImplementation?: () => unknown
}

/**
 * What a bus in memory calls for a handler. A mock function without an implementation only notes what it was called with, and
 * a test that says `expect(handler).toHaveBeenCalledWith({ id: 'task-123' })` means the data: it is called with nothing
 * else. Every other handler is given the data and the envelope, as on every other bus (ADR 021).
 */
export function withoutEnvelopeForSpies(handler: EventHandler): EventHandler {
  const spy = handler as EventHandler & Spy
  if (spy._isMockFunction !== true || typeof spy.getMockImplementation !== 'function')
    return handler
  return (data, event) => {
    // Looked at with each event: an implementation may be set after `on`.
    const isBare = spy.getMockImplementation?.() === undefined
    return isBare ? (handler as (data: unknown) => unknown)(data) : handler(data, event)
  }
}
