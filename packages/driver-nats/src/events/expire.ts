import { parsePosition, type Retention } from '@cli-ops/shared-ipc/driver'

import type { StreamInfo } from '../store/stream.js'
import { groupCursors } from './nats-cursor.js'
import type { EventContext } from './nats-events.js'
import { firstSince } from './nats-log.js'

/** How often a log that is too large is cut: the number of events to cut is an estimate. */
const MAX_CUTS = 4

/**
 * Removes old events that no group needs, and any event while the log is too large; never the newest one. Resolves to
 * their number.
 */
export async function expire(
  context: EventContext,
  { retentionMs, maxBytes }: Retention,
): Promise<number> {
  const info = await context.log.infoIfThere()
  if (info === undefined || info.state.messages <= 1) return 0
  let removed = await expireOld(context, info, retentionMs)
  for (let cut = 0; cut < MAX_CUTS; cut += 1) {
    const { state } = await context.log.info()
    const { bytes, messages, first_seq: first, last_seq: last } = state
    if (bytes <= maxBytes || messages <= 1) break
    const count = Math.ceil((messages * (bytes - maxBytes)) / bytes)
    removed += await context.log.purge({ seq: Math.min(last, first + count) })
  }
  return removed
}

async function expireOld(
  context: EventContext,
  { created, state }: StreamInfo,
  retentionMs: number,
): Promise<number> {
  const { first_seq: firstN, last_seq: lastN } = state
  const epoch = Date.parse(created)
  const oldest = await context.log.at(firstN)
  const cutoff = (await context.store.now()) - retentionMs
  if (oldest === undefined || oldest.at >= cutoff) return 0
  let keptFrom = await firstSince(context, cutoff, { epoch, firstN, lastN })
  for (const cursor of await groupCursors(context)) {
    const position = parsePosition(cursor)
    // A group whose cursor is in an earlier log has yet to read this whole one.
    keptFrom = Math.min(keptFrom, position?.epoch === epoch ? position.n + 1 : firstN)
  }
  const before = Math.min(keptFrom, lastN)
  return before > firstN ? context.log.purge({ seq: before }) : 0
}
