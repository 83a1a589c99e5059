import { pause } from '../../base/wait/pause.js'
import type { LockDriver, LockGrant, LockRequest } from '../../locks/contract/lock-driver.js'
import { nextLockId } from '../../locks/contract/lock-id.js'
import { lockHeldError } from '../../locks/lock-errors.js'
import { type Steps, value } from './steps.js'

const TRIES = 200

/**
 * Takes a shared lock that says something about this process to those who look at it. No process takes it exclusively, so it is always
 * available, except at the moment another process takes it.
 */
export function* shareMark(
  locks: Pick<LockDriver, 'tryAcquire' | 'tryAcquireSync'>,
  name: string,
  facts: Partial<Pick<LockRequest, 'label' | 'held' | 'ancestors'>> = {},
): Steps<LockGrant> {
  const request: LockRequest = {
    resource: name,
    mode: 'shared',
    id: nextLockId(),
    held: [],
    ...facts,
  }
  for (let tries = 0; tries < TRIES; tries += 1) {
    const grant = yield* value(locks.tryAcquire(request))
    if (grant !== null) return grant
    if (locks.tryAcquireSync === undefined) yield pause(5)
  }
  throw lockHeldError(name, null)
}
