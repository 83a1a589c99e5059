import { errorText } from '../base/errors/error-text.js'
import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { Cursor } from './contract/event-types.js'
import type { EventFeed } from './event-feed.js'

/**
 * Counts an attempt at an event of a group and returns its number; undefined if another reader took over the group.
 *
 * @param counted the number since this start, if the engine does not count or cannot store it now
 */
export async function countAttempt(
  feed: EventFeed,
  group: string,
  cursor: Cursor,
  counted: number,
): Promise<number | undefined> {
  if (!feed.canPark) return counted
  const { ledger } = feed
  if (ledger === undefined) return undefined
  try {
    const attempt = ledger.countAttempt(cursor)
    return attempt instanceof Promise ? await attempt : attempt
  } catch (error) {
    // Only now does the engine report that another reader has the group.
    if (isCliOpsError(error, 'CLOSED')) return undefined
    warnOnce(
      `attempts ${group}`,
      `cannot store the attempts of group "${group}", so they are counted from zero after each start: ${errorText(error)}`,
    )
    return counted
  }
}
