import { type ConnectionOptions, resolveConnection } from '../engine/connection-options.js'
import type { LockRule } from './options/cli-ops-options.js'
import type { CommandLock } from './command-lock.js'
import { waitForEngineLock } from './companion/engine-lock.js'
import { isEngine } from './companion/is-engine.js'

/**
 * Waits for the lock of a rule, telling the waiting person who holds it, while the event loop of the host runs on.
 *
 * @throws CliOpsError as `LockManager.lock`
 */
export async function waitForLock(
  options: ConnectionOptions,
  rule: LockRule,
): Promise<CommandLock> {
  const connection = resolveConnection(options)
  if (isEngine(connection.urlOf('locks'))) return waitForEngineLock(connection, rule)
  const { resource, mode, timeoutMs, label, slots, queue, onBusy = 'wait' } = rule
  const { LockManager, createWaitLine } = await import('@cli-ops/shared-ipc')
  const line = createWaitLine()
  try {
    const lock = await new LockManager(options).lock(resource, {
      mode,
      label,
      slots,
      queue,
      inFlow: true,
      onWait: line.onWait,
      timeoutMs: onBusy === 'wait' ? timeoutMs : 0,
    })
    // The class behind the interface tells its flow as well.
    return lock as CommandLock
  } finally {
    line.stop()
  }
}
