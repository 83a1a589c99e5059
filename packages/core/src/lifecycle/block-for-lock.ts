import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { CliOpsError } from '../errors/cli-ops-error.js'
import { lockHeldError, lockTimeoutError } from '../locks/lock-errors.js'
import type { Lock, LockInfo } from '../locks/lock-types.js'
import { timeoutFromEnvironment } from '../locks/lock-wait.js'
import type { Connection } from '../options/connection-options.js'
import { waitingAncestors } from '../process/ancestors.js'
import { monotonicMs } from '../process/monotonic-time.js'
import type { LockRule } from './cli-ops-options.js'
import { withDefaultSignals } from './default-signals.js'
import { tryLockNow } from './try-lock-now.js'
import { WaitDisplay } from './wait-display.js'

const POLL_MS = 20
/** A parent that began this process and then gives the lock back has done so by then. */
const ANCESTOR_GRACE_MS = 3_000

/**
 * Takes the lock of a rule before it returns, for hosts that go on at once whatever a hook returns. It looks again and
 * again and has no ticket in the queue, so waiters in the queue go first.
 *
 * @throws CliOpsError `LOCK_HELD` or `LOCK_TIMEOUT`; `LOCK_DEADLOCK` where the holder is a process that waits for this one
 */
export function blockForLock(connection: Connection, rule: LockRule): Lock {
  const { resource, onBusy = 'wait' } = rule
  const lock = tryLockNow(connection, rule)
  if (lock !== null) return lock
  if (onBusy !== 'wait') throw lockHeldError(resource, inspect(connection, resource))
  return withDefaultSignals(() => poll(connection, rule))
}

function poll(connection: Connection, rule: LockRule): Lock {
  const display = new WaitDisplay()
  try {
    return pollWith(display, connection, rule)
  } finally {
    display.end()
  }
}

function pollWith(display: WaitDisplay, connection: Connection, rule: LockRule): Lock {
  const { resource, timeoutMs = timeoutFromEnvironment() } = rule
  const began = monotonicMs()
  for (;;) {
    const waited = monotonicMs() - began
    if (waited >= timeoutMs)
      throw lockTimeoutError(resource, inspect(connection, resource), timeoutMs)
    sleep(Math.min(POLL_MS, timeoutMs - waited))
    const lock = tryLockNow(connection, rule)
    if (lock !== null) return lock
    if (display.restMs > 0) continue
    const info = inspect(connection, resource)
    if (info === null) continue
    if (waited > ANCESTOR_GRACE_MS) assertNotWaitedFor(info)
    display.show(info)
  }
}

function inspect({ home, namespace }: Connection, resource: string): LockInfo | null {
  const locks = createLocalLocks(new Home(home, namespace, nodeFileSystem))
  return locks.inspect(resource) as LockInfo | null
}

function assertNotWaitedFor({ resource, owner }: LockInfo): void {
  if (!waitingAncestors().includes(owner.pid)) return
  const reason = `waiting for ${JSON.stringify(resource)} would never end: pid ${owner.pid} holds it and waits for this process`
  throw new CliOpsError('LOCK_DEADLOCK', reason, { details: { resource } })
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(1, ms))
}
