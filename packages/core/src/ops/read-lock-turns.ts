import { keptLockEvents } from '../command/kept-lock-events.js'
import type { StoredEvent } from '../events/contract/event-types.js'
import { keptEvents } from './kept-events.js'
import { lockTurns, type LockTurn } from './lock-turns.js'
import type { OpsContext } from './ops-context.js'

/** Reads every event about locks. For this machine that includes expired ones; for an engine, the events that it keeps and this machine's runs. */
async function lockEvents(
  context: Pick<OpsContext, 'coordinator' | 'connection'>,
): Promise<readonly StoredEvent[]> {
  if (context.connection.urlOf('events') !== 'local:')
    return [...keptLockEvents(context.connection), ...(await keptEvents(context, '*', 'earliest'))]
  // Reading the log stores how killed commands ended.
  await keptEvents(context, 'command:failed', 'earliest')
  return keptLockEvents(context.connection)
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
