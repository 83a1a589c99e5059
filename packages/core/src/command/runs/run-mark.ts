import { pause } from '../../base/wait/pause.js'
import type { LockDriver, LockGrant, LockRequest } from '../../locks/contract/lock-driver.js'
import { nextLockId } from '../../locks/contract/lock-id.js'
import { runMarkName } from '../../locks/contract/slot-name.js'
import { lockHeldError } from '../../locks/lock-errors.js'
import { type Steps, value } from './steps.js'

/** Held as long as its owner may be replaced. */
export const MAY_BE_REPLACED = 'may be replaced'
/** Taken away by the one who asks the owner to end, which happens once. This owner gets SIGTERM from who asks. */
export const GETS_SIGNAL = 'gets a signal'
/** As {@link GETS_SIGNAL}, but this owner watches it, and ends by itself. */
const WATCHES = 'watches'

const TRIES = 200

/** What says of a process that it may be asked to end while it holds a resource. It ends with the process, as locks do. */
export interface RunMark {
  release(): Promise<void>
  releaseSync(): void
}

/**
 * Says that the run of this process may be replaced, before its lock is taken, so that nobody sees the lock without it. It is made of
 * two shared grants, which others see where they see locks: one that stays, and one that is taken away by who asks.
 *
 * @param onAsked called once where this process is asked to end and has to do so itself: on drivers that tell owners by their process, it is
 *   sent a signal instead
 */
export function* markRun(locks: LockDriver, resource: string, onAsked: () => void): Steps<RunMark> {
  const may = yield* share(locks, resource, MAY_BE_REPLACED)
  const watches = locks.ownedBy === undefined
  const call = yield* share(locks, resource, watches ? WATCHES : GETS_SIGNAL)
  // A lease that has run out was not taken away by anybody.
  const onLost = (): void => {
    if ((call.remainingMs ?? Infinity) > 0) onAsked()
  }
  const stop = watches ? call.onLost(onLost) : (): void => undefined
  const grants = [call, may]
  return {
    // Where they cannot be given back, their leases end them.
    async release() {
      stop()
      for (const grant of grants) await Promise.resolve(grant.release()).catch(() => undefined)
    },
    releaseSync() {
      stop()
      for (const grant of grants)
        if (grant.releaseSync === undefined)
          void Promise.resolve(grant.release()).catch(() => undefined)
        else grant.releaseSync()
    },
  }
}

/** Nobody takes it alone, so that it can always be had, save for the moment in which another one takes it. */
function* share(locks: LockDriver, resource: string, label: string): Steps<LockGrant> {
  const request: LockRequest = {
    resource: runMarkName(resource),
    mode: 'shared',
    id: nextLockId(),
    held: [],
    label,
  }
  for (let tries = 0; tries < TRIES; tries += 1) {
    const grant = yield* value(locks.tryAcquire(request))
    if (grant !== null) return grant
    if (locks.tryAcquireSync === undefined) yield pause(5)
  }
  throw lockHeldError(resource, null)
}
