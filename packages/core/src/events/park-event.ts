import { errorText } from '../base/errors/error-text.js'
import { say, warnOnce } from '../base/terminal/message.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { EventFeed } from './event-feed.js'
import type { ParkedEvent } from './contract/parked-event.js'
import { pause } from '../base/wait/pause.js'

const RETRY_AFTER_MS = 1000

/**
 * Stores an event in its group's own log, so that the next one can follow. Retries until it succeeds: no event is skipped. Returns
 * false if another reader has taken over the group or the subscription has ended.
 *
 * @throws CliOpsError `UNSUPPORTED` if the engine cannot park events
 */
export async function parkEvent(
  parked: ParkedEvent,
  group: string,
  feed: EventFeed,
  ending: AbortSignal,
): Promise<boolean> {
  const { event, attempts, error } = parked
  const what = `event ${event.id} of group "${group}"`
  if (!feed.canPark) {
    throw new CliOpsError(
      'UNSUPPORTED',
      `${what} failed ${attempts} times and cannot be parked on this driver; it is kept for the next start: ${error}`,
      { details: { group, event: event.id, attempts } },
    )
  }
  for (;;) {
    const { ledger } = feed
    if (ledger === undefined) return false
    try {
      const parking = ledger.park(parked)
      if (parking instanceof Promise) await parking
      say(`parked ${what} after ${attempts} attempt${attempts === 1 ? '' : 's'}: ${error}`)
      return true
    } catch (failure) {
      // Only now does the engine report that another reader has the group.
      if (isCliOpsError(failure, 'CLOSED')) return false
      // For example, a hub whose store is full.
      if (isCliOpsError(failure) && !failure.retryable) throw failure
      warnOnce(`park ${group}`, `cannot park ${what}, so its group waits: ${errorText(failure)}`)
      await pause(RETRY_AFTER_MS, ending)
      if (ending.aborted) return false
    }
  }
}
