import { type Cursor, type EventBus, type EventEnvelope, isCliOpsError } from '@cli-ops/shared-ipc'

import { pause } from '@cli-ops/shared-ipc/ops'

/** What is told while events are followed. */
export interface EventTail {
  readonly onEvent: (event: EventEnvelope) => void
  /** Events cannot be read; it is tried again. */
  readonly onProblem: (error: unknown) => void
  /** Events are being read (again). */
  readonly onWell: () => void
}

const RETRY_AFTER_MS = 2000
const WELL_AFTER_MS = 500
/** A log may hold a hundred thousand events; whoever watches wants to draw in between. */
const BREATHE_AFTER = 500

/** Hands out the events that are kept and then those that come, until the signal is aborted. Never rejects. */
export async function tailEvents(
  bus: EventBus,
  signal: AbortSignal,
  tail: EventTail,
): Promise<void> {
  let from: 'earliest' | 'latest' | Cursor = 'earliest'
  while (!signal.aborted) {
    // What cannot be read fails soon.
    const well = setTimeout(tail.onWell, WELL_AFTER_MS)
    const failed = new AbortController()
    try {
      const events: AsyncIterable<EventEnvelope> = bus.subscribe('*', {
        from,
        signal: AbortSignal.any([signal, failed.signal]),
        onGap: () => undefined,
        // Begun anew, so that it is known when events are read again.
        onReadError: (error) => {
          failed.abort(error)
        },
      })
      let taken = 0
      for await (const event of events) {
        from = event.cursor
        tail.onEvent(event)
        taken += 1
        if (taken % BREATHE_AFTER === 0) await new Promise(setImmediate)
      }
      failed.signal.throwIfAborted()
    } catch (error) {
      // An engine without a memory has only what comes.
      if (isCliOpsError(error, 'UNSUPPORTED') && from === 'earliest') {
        from = 'latest'
        continue
      }
      if (!signal.aborted) tail.onProblem(error)
    } finally {
      clearTimeout(well)
    }
    await pause(RETRY_AFTER_MS, signal)
  }
}
