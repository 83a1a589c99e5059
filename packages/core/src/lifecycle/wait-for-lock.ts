import type { Lock } from '../locks/lock-types.js'
import type { ConnectionOptions } from '../options/connection-options.js'
import type { LockRule } from './cli-ops-options.js'
import { createWaitLine } from './wait-line.js'

/**
 * Takes the lock of a rule in time, telling the waiting person who holds it.
 *
 * @throws CliOpsError where the lock is not to be had
 */
export async function waitForLock(options: ConnectionOptions, rule: LockRule): Promise<Lock> {
  const { resource, mode, timeoutMs, onBusy = 'wait' } = rule
  const line = createWaitLine()
  try {
    const { LockManager } = await import('@cli-ops/shared-ipc')
    const { onWait } = line
    return await new LockManager(options).lock(resource, {
      mode,
      inFlow: true,
      onWait,
      timeoutMs: onBusy === 'wait' ? timeoutMs : 0,
    })
  } finally {
    line.stop()
  }
}
