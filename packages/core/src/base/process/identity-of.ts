import { describe } from '../names/assert-name.js'
import { readStat } from './liveness.js'
import { ownIdentity, type ProcessIdentity, secondsNow } from './process-identity.js'

/**
 * Returns the identity of another process of this pid namespace, such as a child, including its partner if one is given.
 *
 * @throws TypeError if there is no such process
 */
export function identityOf(pid: number, partnerPid?: number): ProcessIdentity {
  const identity = {
    ...ownIdentity(),
    pid,
    tid: pid,
    start: startOf('ownerPid', pid),
    seenAt: secondsNow(),
  }
  return partnerPid === undefined
    ? identity
    : { ...identity, partner: { pid: partnerPid, start: startOf('partnerPid', partnerPid) } }
}

function startOf(argument: string, pid: number): string {
  const start = readStat(`/proc/${pid}/stat`)?.start
  if (start === undefined && (ownIdentity().start !== '' || !exists(pid))) {
    throw new TypeError(`${argument} must be the pid of a running process, got ${describe(pid)}`)
  }
  return start ?? ''
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
