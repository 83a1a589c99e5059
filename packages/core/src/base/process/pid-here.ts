import { findInNamespaces } from './find-in-namespaces.js'
import { formatIdentity, ownIdentity, type ProcessIdentity } from './process-identity.js'
import { sharesPids } from './shares-pids.js'

/** Returns the pid of a process in this namespace: 0 if its own pid means another process here, or that is unknown. */
export function pidHere(identity: ProcessIdentity): number {
  const own = ownIdentity()
  if (sharesPids(identity, own) || formatIdentity(identity) === formatIdentity(own))
    return identity.pid
  if (identity.boot === '' || identity.boot !== own.boot) return 0
  const found = findInNamespaces(identity)
  return found === undefined || found === 'absent' ? 0 : found.pid
}
