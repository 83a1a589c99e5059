import { monotonicMs } from '../base/process/monotonic-time.js'
import { blockFor } from '../base/wait/block-for.js'
import { createLocalDriver } from '../drivers/local/local-driver.js'
import type { Connection } from '../engine/connection-options.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import { lockTimeoutError } from '../locks/lock-errors.js'
import { timeoutFromEnvironment } from '../locks/lock-wait.js'
import { assertNotOwn } from './assert-not-own.js'
import type { CommandLock } from './command-lock.js'
import type { LockRule } from './options/cli-ops-options.js'
import { deadlockFinder } from './runs/find-deadlock.js'
import { type Joining, joinRun } from './runs/join-run.js'
import { takeStepsNow } from './runs/steps.js'
import { tryRunNow } from './try-run-now.js'
import { WaitDisplay } from './waiting/wait-display.js'
import { whileBlocked } from './waiting/while-blocked.js'

/** A blocked thread receives no events, so it polls at this interval. */
const LOOK_EVERY_MS = 50
/** Used while a lock is free and others are about to take it. */
const RETRY_MS = 20

/**
 * Takes a lock of this machine, or blocks the thread until the run that holds it has ended.
 *
 * @throws CliOpsError `RUN_JOINED` if a run was joined, `LOCK_TIMEOUT`, `LOCK_DEADLOCK`
 */
export function blockToJoin(connection: Connection, rule: LockRule): CommandLock {
  const { resource, timeoutMs = timeoutFromEnvironment() } = rule
  const { locks, events, close } = localPrimitives(connection)
  const findDeadlock = deadlockFinder(connection, resource)
  const display = new WaitDisplay()
  const until = monotonicMs() + timeoutMs
  let last: LockInfo | null = null
  try {
    return whileBlocked(() => {
      const sleep = (ms: number): void => {
        if (monotonicMs() >= until) throw lockTimeoutError(resource, last, timeoutMs)
        if (last !== null && display.restMs === 0) {
          last = (locks.inspect(resource) as LockInfo | null) ?? last
          display.show(last)
        }
        blockFor(Math.min(ms, LOOK_EVERY_MS))
      }
      const joining: Joining = {
        locks,
        events,
        // An embedded driver's reader has a fixed position from the start.
        ready: () => undefined,
        rest: (_reader, ms) => {
          sleep(ms)
        },
        onWait: (info) => {
          assertNotOwn(info, rule)
          last = info
        },
        findDeadlock,
      }
      for (;;) {
        const lock = tryRunNow(connection, rule)
        if (lock !== null) return lock
        const outcome = takeStepsNow(joinRun(joining, resource))
        if (outcome !== undefined) throw outcome
        sleep(RETRY_MS)
      }
    })
  } finally {
    display.end()
    close()
  }
}

function localPrimitives({ home, namespace }: Connection) {
  const driver = createLocalDriver({ home, namespace })
  const { locks, events } = driver
  if (locks === undefined || events === undefined) throw new TypeError('the local driver has both')
  return { locks, events, close: () => void driver.close() }
}
