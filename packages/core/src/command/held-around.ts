import { sharesPids } from '../base/process/shares-pids.js'
import { ownProcess } from '../base/process/own-process.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { LockContext } from '../drivers/local/locks/lock-context.js'
import { findLiveHolders } from '../drivers/local/locks/lock-state.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import {
  callingProcess,
  isWaitingAncestor,
  readOwnerRecord,
  wasHeldAtStart,
} from '../drivers/local/locks/waiting-ancestor.js'
import type { Connection } from '../engine/connection-options.js'
import type { LockRule } from './options/cli-ops-options.js'

/**
 * Returns whether the command that contains this one holds the rule's lock: another thread of this process, or a process of the same
 * program that started this one and (very likely) waits for it, such as the primary of a cluster, or a program that restarts itself with
 * other Node options. Its lock lasts as long as it does, so waiting for it would take forever.
 */
export function isHeldAround(connection: Connection, { resource, mode, slots }: LockRule): boolean {
  // With slots, another slot can be free. On an engine, the waiter itself checks.
  if (slots !== undefined || connection.urlOf('locks') !== 'local:') return false
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  const { name, instance, identity: self } = ownProcess()
  const awaited = callingProcess(context)
  const paths = context.of(resource)
  return findLiveHolders(context, paths).some((holder) => {
    const { id, identity } = holder
    const isThread =
      identity.pid === self.pid && !id.startsWith(instance) && sharesPids(identity, self)
    if (!isThread && !isWaitingAncestor(identity, awaited)) return false
    if (holder.mode === 'shared' && mode !== 'shared') return false
    const record = readOwnerRecord(context, paths.lock, holder)
    const isAround = isThread ? record.inFlow : wasHeldAtStart(record, awaited)
    return isAround && record.name === name
  })
}
