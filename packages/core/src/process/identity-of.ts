import { describe } from '../names/assert-name.js'
import { readStat } from './liveness.js'
import { ownIdentity, type ProcessIdentity } from './process-identity.js'

/**
 * Reads the identity of another process of this pid namespace, such as a child.
 *
 * @throws TypeError where there is no such process
 */
export function identityOf(pid: number): ProcessIdentity {
  const own = ownIdentity()
  const start = readStat(`/proc/${pid}/stat`)?.start
  if (start === undefined && (own.start !== '' || !exists(pid))) {
    throw new TypeError(`ownerPid must be the pid of a running process, got ${describe(pid)}`)
  }
  return { ...own, pid, tid: pid, start: start ?? '' }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
