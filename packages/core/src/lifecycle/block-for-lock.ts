import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { blockForTurn } from '../drivers/local/locks/block-for-turn.js'
import { systemClock } from '../drivers/local/locks/clock.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { LockPlace } from '../drivers/local/locks/lock-place.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import type { LockGrant } from '../drivers/lock-driver.js'
import { lockHeldError, lockTimeoutError } from '../locks/lock-errors.js'
import type { Lock, LockInfo } from '../locks/lock-types.js'
import { timeoutFromEnvironment } from '../locks/lock-wait.js'
import type { Connection } from '../options/connection-options.js'
import type { LockRule } from './cli-ops-options.js'
import { type Deliver, withDefaultSignals } from './default-signals.js'
import { sleepUnlessInterrupted } from './sleep-unless-interrupted.js'
import { lockRequest, toHeldLock, tryLockNow } from './try-lock-now.js'
import { WaitDisplay } from './wait-display.js'

/**
 * Takes the lock of a rule before it returns, in the order of arrival, for hosts that go on at once whatever a hook
 * returns. Ctrl-C in a pause between two looks is heard by who listens, as in any wait. Another signal, or Ctrl-C
 * during a look, ends the process at once, without `command:failed`.
 *
 * @throws CliOpsError `LOCK_HELD` or `LOCK_TIMEOUT`; `LOCK_DEADLOCK` where the holder is a process that waits for this one
 */
export function blockForLock(connection: Connection, rule: LockRule): Lock {
  const { resource, onBusy = 'wait' } = rule
  const lock = tryLockNow(connection, rule)
  if (lock !== null) return lock
  if (onBusy !== 'wait') throw lockHeldError(resource, inspect(connection, resource))
  const { timeoutMs = timeoutFromEnvironment() } = rule
  const grant = withDefaultSignals((deliver) => block(connection, rule, timeoutMs, deliver))
  if (grant !== null) return toHeldLock(connection, rule, grant)
  throw lockTimeoutError(resource, inspect(connection, resource), timeoutMs)
}

function block(
  connection: Connection,
  rule: LockRule,
  timeoutMs: number,
  deliver: Deliver,
): LockGrant | null {
  const home = homeOf(connection)
  const sleep = (ms: number): void => {
    if (!sleepUnlessInterrupted(ms)) deliver('SIGINT')
  }
  const surroundings = { ...realSurroundings(home), clock: { ...systemClock, sleep } }
  const place = new LockPlace(home, surroundings)
  const display = new WaitDisplay()
  const onPause = (): void => {
    if (display.restMs > 0) return
    const info = inspect(connection, rule.resource)
    if (info !== null) display.show(info)
  }
  try {
    return blockForTurn(place, lockRequest(rule), { timeoutMs, onPause })
  } finally {
    display.end()
  }
}

function inspect(connection: Connection, resource: string): LockInfo | null {
  return createLocalLocks(homeOf(connection)).inspect(resource) as LockInfo | null
}

function homeOf({ home, namespace }: Connection): Home {
  return new Home(home, namespace, nodeFileSystem)
}
