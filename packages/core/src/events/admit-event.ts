import { countAttempt } from './count-attempt.js'
import { DEFAULT_MAX_ATTEMPTS } from './event-attempts.js'
import type { EventFeed } from './event-feed.js'
import { type EventFilter, reportRefusal } from './event-filter.js'
import type { PullOptions } from './event-options.js'
import { isoNow } from './contract/event-time.js'
import type { EventEnvelope } from './contract/event-types.js'
import { parkEvent } from './park-event.js'

/** The subscription that pulls the event. */
export interface AdmitParts {
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: PullOptions
}

/**
 * Decides whether to hand out an event. `passed` if it breaks its schema. A group parks such an event, as it does one that was
 * handed out `maxAttempts` times before the consumer requested the next one. `left` if another reader took over the group.
 */
export async function admitEvent(
  event: EventEnvelope,
  { feed, filter, options }: AdmitParts,
  ending: AbortSignal,
): Promise<EventEnvelope | 'passed' | 'left'> {
  const { group, maxAttempts = DEFAULT_MAX_ATTEMPTS, onError } = options
  const park = async (attempts: number, error: string): Promise<'passed' | 'left'> => {
    const parked = { event, attempts, error, parkedAt: isoNow(), retry: false }
    return (await parkEvent(parked, group ?? '', feed, ending)) ? 'passed' : 'left'
  }
  const counts = group !== undefined && feed.canPark
  if (counts) {
    const attempt = await countAttempt(feed, group, event.cursor, 1)
    if (attempt === undefined) return 'left'
    if (attempt > maxAttempts)
      return park(maxAttempts, 'the loop stopped at it each time, or its process ended')
  }
  const judged = await filter.check(event)
  if (judged.refusal === undefined) return judged.event
  // Parking writes a warning of its own, so only an `onError` receives this one.
  if (!counts || onError !== undefined) reportRefusal(judged.refusal, event, onError)
  return counts ? park(1, judged.refusal.message) : 'passed'
}
