import { sharesPids } from '../base/process/shares-pids.js'
import { ownProcess } from '../base/process/own-process.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { LockContext } from '../drivers/local/locks/lock-context.js'
import { findLiveHolders } from '../drivers/local/locks/lock-state.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import {
  isWaitingAncestor,
  readOwnerRecord,
  wasHeldAtStart,
} from '../drivers/local/locks/waiting-ancestor.js'
import type { Connection } from '../engine/connection-options.js'
import type { LockRule } from './options/cli-ops-options.js'

/**
 * Tells whether the lock of a rule is held by the command that this one is a part of: by another thread of this process, or by a process of
 * the same program that began this one and (very likely) waits for it, such as the primary of a cluster, or a program that starts itself
 * again with other options of node. Its lock lasts as long as it does, so to wait for it would be to wait for ever.
 */
export function isHeldAround(connection: Connection, { resource, mode, slots }: LockRule): boolean {
  // Of slots there may be another one. On an engine whoever waits for it looks.
  if (slots !== undefined || connection.urlOf('locks') !== 'local:') return false
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  const { name, instance, identity: self } = ownProcess()
  const ancestors = new Set(context.surroundings.waitingAncestors())
  const paths = context.of(resource)
  return findLiveHolders(context, paths).some((holder) => {
    const { id, identity } = holder
    const isThread =
      identity.pid === self.pid && !id.startsWith(instance) && sharesPids(identity, self)
    if (!isThread && !isWaitingAncestor(context, identity, ancestors)) return false
    if (holder.mode === 'shared' && mode !== 'shared') return false
    const record = readOwnerRecord(context, paths.lock, holder)
    const isAround = isThread ? record.inFlow : wasHeldAtStart(context, record)
    return isAround && record.name === name
  })
}
