import { homeOf } from '../drivers/local/home/home-of.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import type { Connection } from '../engine/connection-options.js'
import type { CommandLock } from './command-lock.js'
import type { LockRule } from './options/cli-ops-options.js'
import { RunGrant } from './runs/run-grant.js'
import { markRun, type RunMark } from './runs/run-mark.js'
import { takeStepsNow } from './runs/steps.js'
import { asRun } from './told-run.js'
import { tryLockNow } from './try-lock-now.js'

/** Takes a free lock of this machine for a run that others can join or replace; returns `null` if it is busy. */
export function tryRunNow(connection: Connection, rule: LockRule): CommandLock | null {
  if (rule.onBusy === 'join') {
    const lock = tryLockNow(connection, rule)
    return lock && asRun(connection, rule, lock)
  }
  const mark = markRunNow(connection, rule)
  const lock = tryLockNow(connection, rule)
  if (lock !== null) return lock.under((grant) => markedGrant(grant, mark))
  mark.releaseSync()
  return null
}

/** Marks the run of this process as replaceable. The process that asks it to end sends the signal, so nothing has to be watched. */
export function markRunNow(connection: Connection, { resource }: LockRule): RunMark {
  const locks = createLocalLocks(homeOf(connection))
  return takeStepsNow(markRun(locks, resource, () => undefined))
}

/** A lock that releases its mark with it. */
export function markedGrant(
  grant: ConstructorParameters<typeof RunGrant>[0],
  mark: RunMark,
): RunGrant {
  return new RunGrant(grant, { after: () => mark.releaseSync() })
}
