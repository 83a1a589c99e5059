import { keptLockEvents } from '../command/kept-lock-events.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { killedHolders } from '../drivers/local/locks/killed-holders.js'
import { LockContext } from '../drivers/local/locks/lock-context.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import type { Connection } from '../engine/connection-options.js'
import type { StoredEvent } from '../events/contract/event-types.js'
import { keptEvents } from './kept-events.js'
import { lockTurns, type LockTurn } from './lock-turns.js'
import type { OpsContext } from './ops-context.js'

/** Holders that were killed, and whose locks are as they left them. */
function unnotedEvents(connection: Connection): readonly StoredEvent[] {
  if (connection.urlOf('locks') !== 'local:') return []
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  return killedHolders(context).map(({ event }) => event)
}

/** Every event that tells of locks: of this machine also those that have expired, and of an engine those that it keeps, with what was run here. */
async function lockEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  const { connection } = context
  // First: what is cleaned up meanwhile is noted, and then it is there twice.
  const unnoted = unnotedEvents(connection)
  if (connection.urlOf('events') !== 'local:') {
    const stored = await keptEvents(context, '*', 'earliest')
    return [...keptLockEvents(connection), ...stored, ...unnoted]
  }
  // Whoever reads the log stores how commands ended that were killed.
  await keptEvents(context, 'command:failed', 'earliest')
  return [...keptLockEvents(connection), ...unnoted]
}

/** Every event that tells how long a run took, in the order of time: what the history of locks keeps, and whatever else the log still holds. */
export async function runEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  const ended = await keptEvents(context, 'command:completed', 'earliest')
  const events = [...(await lockEvents(context)), ...ended]
  const once = new Map(events.map((event) => [`${event.source} ${event.id}`, event]))
  return [...once.values()].sort((one, other) => Date.parse(one.time) - Date.parse(other.time))
}

/** The turns of locks that have ended, oldest first. */
export async function readLockTurns(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly LockTurn[]> {
  const turns = lockTurns(await lockEvents(context))
  return turns.toSorted((one, other) => one.time.getTime() - other.time.getTime())
}
