import { type ConnectionOptions, resolveConnection } from '../engine/connection-options.js'
import type { LockRule } from './options/cli-ops-options.js'
import type { CommandLock } from './command-lock.js'
import { waitForEngineLock } from './companion/engine-lock.js'
import { asRun } from './told-run.js'
import { isEngine } from './companion/is-engine.js'

/**
 * Waits for a rule's lock while the host's event loop runs, showing a waiting person who holds it. Returns `undefined` if the
 * surrounding command holds it.
 *
 * @throws CliOpsError as `LockManager.lock`
 */
export async function waitForLock(
  options: ConnectionOptions,
  rule: LockRule,
): Promise<CommandLock | undefined> {
  const connection = resolveConnection(options)
  if (isEngine(connection.urlOf('locks')))
    return asRun(connection, rule, await waitForEngineLock(connection, rule))
  const { resource, mode, timeoutMs, label, slots, queue, graceMs, onBusy = 'wait' } = rule
  const { LockManager, createWaitLine } = await import('@cli-ops/shared-ipc')
  const locks = new LockManager(options)
  const line = createWaitLine({ look: () => locks.inspect(resource) })
  const common = { mode, label, inFlow: true, onWait: line.onWait } as const
  try {
    if (onBusy === 'join' || onBusy === 'replace') {
      const { lockRun } = await import('@cli-ops/shared-ipc/command/runs')
      const run = { ...common, queue, timeoutMs, onBusy, graceMs }
      const lock = await lockRun({ locks, connection: options }, resource, run)
      return asRun(connection, rule, lock)
    }
    const wait = { ...common, slots, queue, timeoutMs: onBusy === 'wait' ? timeoutMs : 0 }
    // The class behind the interface also knows its flow.
    return (await locks.lock(resource, wait)) as CommandLock
  } finally {
    line.stop()
  }
}
