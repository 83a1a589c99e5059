import { readStat } from './liveness.js'
import { ownIdentity } from './process-identity.js'

/** Process trees are shallow; the limit only guards against a table that changes during the read. */
const MAX_DEPTH = 64

/**
 * A parent that releases the lock after starting this process has done so by then; one that waits for this process
 * has not.
 */
export const ANCESTOR_GRACE_MS = 3_000

/**
 * Returns the pids of the processes that (very likely) wait for one to end: parents up to the first process of another session. A
 * parent does not wait for a detached child (setsid).
 *
 * @param pid this process by default; without a process table, nothing is known of others
 */
export function waitingAncestors(pid: number = process.pid): number[] {
  const isSelf = pid === process.pid
  const own = readStat(isSelf ? '/proc/self/stat' : `/proc/${pid}/stat`)
  // Without a start time, the table is missing or belongs to another pid namespace.
  if (own === undefined || ownIdentity().start === '') return isSelf ? [process.ppid] : []
  const ancestors: number[] = []
  let parent = own.parent
  while (parent > 1 && ancestors.length < MAX_DEPTH) {
    const stat = readStat(`/proc/${parent}/stat`)
    if (stat === undefined || stat.session !== own.session) break
    ancestors.push(parent)
    parent = stat.parent
  }
  return ancestors
}
