import { type Cursor, type EventBus, type EventEnvelope, isCliOpsError } from '@cli-ops/shared-ipc'

import { pause } from '@cli-ops/shared-ipc/ops'

/** Callbacks for following events. */
export interface EventTail {
  readonly onEvent: (event: EventEnvelope) => void
  /** Called if events cannot be read; reading is retried. */
  readonly onProblem: (error: unknown) => void
  /** Called once events are being read, also after a problem. */
  readonly onWell: () => void
}

const RETRY_AFTER_MS = 2000
const WELL_AFTER_MS = 500
/** A log can contain a hundred thousand events; a viewer needs to draw in between. */
const BREATHE_AFTER = 500

/** Delivers the kept events and then new ones, until the signal is aborted. Never rejects. */
export async function tailEvents(
  bus: EventBus,
  signal: AbortSignal,
  tail: EventTail,
): Promise<void> {
  let from: 'earliest' | 'latest' | Cursor = 'earliest'
  while (!signal.aborted) {
    // A failing read fails soon.
    const well = setTimeout(tail.onWell, WELL_AFTER_MS)
    const failed = new AbortController()
    try {
      const events: AsyncIterable<EventEnvelope> = bus.subscribe('*', {
        from,
        signal: AbortSignal.any([signal, failed.signal]),
        onGap: () => undefined,
        // Restarted, to know when events can be read again.
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
      // An engine that keeps no events has only new ones.
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
