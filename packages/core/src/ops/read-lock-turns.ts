import { keptLockEvents } from '../command/kept-lock-events.js'
import type { StoredEvent } from '../events/contract/event-types.js'
import { keptEvents } from './kept-events.js'
import { lockTurns, type LockTurn } from './lock-turns.js'
import type { OpsContext } from './ops-context.js'

/** Every event that tells of locks: of this machine also those that have expired, and of an engine those that it keeps, with what was run here. */
async function lockEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  if (context.connection.urlOf('events') !== 'local:')
    return [...keptLockEvents(context.connection), ...(await keptEvents(context, '*', 'earliest'))]
  // Whoever reads the log stores how commands ended that were killed.
  await keptEvents(context, 'command:failed', 'earliest')
  return keptLockEvents(context.connection)
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
