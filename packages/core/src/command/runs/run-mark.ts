import type { LockDriver } from '../../locks/contract/lock-driver.js'
import { runMarkName } from '../../locks/contract/slot-name.js'
import { shareMark } from './share-mark.js'
import type { Steps } from './steps.js'

/** Held as long as its owner can be replaced. */
export const MAY_BE_REPLACED = 'may be replaced'
/** Taken away by the process that asks the owner to end, which happens once and sends this owner SIGTERM. */
export const GETS_SIGNAL = 'gets a signal'
/** Like {@link GETS_SIGNAL}, but this owner watches the mark and ends on its own. */
const WATCHES = 'watches'

/** Marks a process that can be asked to end while it holds a resource. Like a lock, it ends with the process. */
export interface RunMark {
  release(): Promise<void>
  releaseSync(): void
}

/**
 * Marks the run of this process as replaceable, before its lock is taken, so that no process sees the lock without the mark. The mark
 * is two shared grants, visible wherever locks are: one stays, the other is taken away by the process that asks.
 *
 * @param onAsked called once if this process is asked to end and has to do so itself; on drivers that identify owners by process, it
 * receives a signal instead
 */
export function* markRun(locks: LockDriver, resource: string, onAsked: () => void): Steps<RunMark> {
  const name = runMarkName(resource)
  const may = yield* shareMark(locks, name, { label: MAY_BE_REPLACED })
  const watches = locks.ownedBy === undefined
  const call = yield* shareMark(locks, name, { label: watches ? WATCHES : GETS_SIGNAL })
  // A lease that ran out was not taken away.
  const onLost = (): void => {
    if ((call.remainingMs ?? Infinity) > 0) onAsked()
  }
  const stop = watches ? call.onLost(onLost) : (): void => undefined
  const grants = [call, may]
  return {
    // If they cannot be released, their leases end them.
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
