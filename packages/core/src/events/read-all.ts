import { limitedSignal } from '../base/wait/abort-signal.js'
import type { EventFeed } from './event-feed.js'
import { type EventFilter, reportRefusal } from './event-filter.js'
import { gapError } from './event-gap.js'
import type { EventEnvelope, EventGap } from './contract/event-types.js'
import type { ReadOptions } from './event-options.js'

/** An engine sends the log in pieces; a pause of this length marks its end, unless an answer is still due. */
const QUIET_MS = 250

/** Reads everything after a feed's position. Rejects with `CURSOR_GAP` for a gap without `onGap`, or with the signal's reason. */
export async function readAll(
  feed: EventFeed,
  filter: EventFilter,
  { signal, onGap = refuseGap }: Pick<ReadOptions, 'signal' | 'onGap'>,
): Promise<EventEnvelope[]> {
  const events: EventEnvelope[] = []
  await feed.ready
  for (;;) {
    signal?.throwIfAborted()
    const batch = feed.poll()
    if (batch === undefined) {
      if (feed.isEmbedded || !(await hasMore(feed, signal))) return events
      continue
    }
    if (batch.gap !== undefined) onGap(batch.gap)
    for (const event of batch.events) {
      if (!filter.matches(event.type)) continue
      const checked = filter.check(event)
      const judged = checked instanceof Promise ? await checked : checked
      if (judged.refusal === undefined) events.push(judged.event)
      else reportRefusal(judged.refusal, event, undefined)
    }
  }
}

function refuseGap(gap: EventGap): never {
  throw gapError(gap)
}

/** Returns whether more events come from an engine that sends the log in pieces. */
export async function hasMore(feed: EventFeed, signal: AbortSignal | undefined): Promise<boolean> {
  for (;;) {
    const quiet = limitedSignal(QUIET_MS, signal)
    try {
      await feed.wait(quiet.signal)
      return true
    } catch (error) {
      if (signal?.aborted === true || !quiet.isLate()) throw error
      if (!feed.isFetching) return false
    } finally {
      quiet.stop()
    }
  }
}
