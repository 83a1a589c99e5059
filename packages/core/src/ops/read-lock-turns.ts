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

/** Returns killed holders whose locks no process has taken over or cleaned up. */
function unnotedEvents(connection: Connection): readonly StoredEvent[] {
  if (connection.urlOf('locks') !== 'local:') return []
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  return killedHolders(context).map(({ event }) => event)
}

/** Reads every event about locks. For this machine that includes expired ones; for an engine, the events that it keeps and this machine's runs. */
async function lockEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  const { connection } = context
  // Read first: if one is cleaned up and noted in between, it is read twice rather than not at all.
  const unnoted = unnotedEvents(connection)
  if (connection.urlOf('events') !== 'local:') {
    const stored = await keptEvents(context, '*', 'earliest')
    return [...keptLockEvents(connection), ...stored, ...unnoted]
  }
  // Reading the log stores how killed commands ended.
  await keptEvents(context, 'command:failed', 'earliest')
  return [...keptLockEvents(connection), ...unnoted]
}

/** Reads every event that tells how long a run took, ordered by time: from the lock history and from the log. */
export async function runEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  const ended = await keptEvents(context, 'command:completed', 'earliest')
  const events = [...(await lockEvents(context)), ...ended]
  const once = new Map(events.map((event) => [`${event.source} ${event.id}`, event]))
  return [...once.values()].sort((one, other) => Date.parse(one.time) - Date.parse(other.time))
}

/** Returns the finished turns of locks, oldest first. */
export async function readLockTurns(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly LockTurn[]> {
  const turns = lockTurns(await lockEvents(context))
  return turns.toSorted((one, other) => one.time.getTime() - other.time.getTime())
}
