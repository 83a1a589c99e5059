import { debug } from '../../../base/terminal/message.js'
import { createEventRecord } from '../../../events/contract/event-record.js'
import type { CreatedRecord } from '../../../events/contract/event-record.js'
import { defaultSource } from '../../../events/contract/event-source.js'
import { parseSlotName } from '../../../locks/contract/slot-name.js'
import { LockHistoryLog } from '../events/lock-history-log.js'
import { Home } from '../home/home.js'
import { describeKilled, listEncodedResources } from './inspect-locks.js'
import type { KilledHolder, LockContext } from './lock-context.js'
import { holdersOf, readLockState } from './lock-state.js'

/** Writes a killed holder into the history of locks, since nothing else tells of its turn. Never throws: the lock does not depend on it. */
export function noteKilledHolder(home: Home, killed: KilledHolder): void {
  // Locks in other parts of the home are the kit's own.
  if (!home.isLocal || home.base !== Home.of(home).base) return
  try {
    const record = killedRecord(killed)
    if (record !== undefined) new LockHistoryLog(home).append(record.json)
  } catch (error) {
    debug(() => `the end of a killed holder was not noted: ${String(error)}`)
  }
}

/** The same record for each dead holder whose lock nobody has taken or cleaned up so far. Changes nothing. */
export function killedHolders(context: LockContext): CreatedRecord[] {
  if (!context.isThere()) return []
  return listEncodedResources(context).flatMap((encoded) => {
    const paths = context.ofEncoded(encoded)
    return holdersOf(readLockState(context, paths))
      .filter(({ identity }) => context.judge(identity) === 'dead')
      .flatMap((name) => killedRecord(describeKilled(context, paths, name)) ?? [])
  })
}

/** `undefined` for what serves other locks: the door of slots, the marks of those who wait or run. */
function killedRecord({ resource, id, owner, since, label }: KilledHolder) {
  const part = parseSlotName(resource)
  if (part !== undefined && part.slot === undefined) return undefined
  const { name, pid, host, user, command, via } = owner
  const data = {
    resource: part?.resource ?? resource,
    id,
    label,
    slot: part?.slot,
    // An upper limit: the end was not seen. The clock can have been set back.
    heldMs: Math.max(0, Date.now() - since.getTime()),
    owner: { name, pid, host, user, command, via },
  }
  const source = defaultSource()
  return createEventRecord({ type: 'lock:killed', data, source, traceparent: undefined })
}
