import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import type { HeldLock } from '../locks/held-lock.js'
import { appendEvent } from './append-event.js'
import type { CommandLock } from './command-lock.js'
import { realExitCode } from './host/real-exit-code.js'
import type { LockRule } from './options/cli-ops-options.js'
import { runEndedRecord } from './runs/run-ended.js'
import { RunGrant } from './runs/run-grant.js'

/** Wraps a run's lock to report how the run ended, if the rule says `join`. */
export function asRun<Lock extends HeldLock | undefined>(
  connection: Connection,
  { onBusy }: LockRule,
  lock: Lock,
): CommandLock | Extract<Lock, undefined> {
  if (lock === undefined) return undefined as Extract<Lock, undefined>
  return onBusy === 'join' ? toldRun(connection, lock) : lock
}

/**
 * A lock of a run that others can join. Before the lock is released it reports how the run ended: by its `ended`, else by the process's
 * current exit code. If that fails, the joined runs end as if this one had been killed.
 */
function toldRun(connection: Connection, lock: HeldLock): CommandLock {
  const { resource, id } = lock
  let isTold = false
  const ended = (exitCode: number): void => {
    if (isTold) return
    isTold = true
    try {
      appendEvent(connection, runEndedRecord(resource, id, exitCode))
    } catch (error) {
      debug(() => `cannot tell how the run ended: ${String(error)}`)
    }
  }
  lock.under(
    (grant) => new RunGrant(grant, { before: () => ended(realExitCode(process.exitCode ?? 0)) }),
  )
  return Object.assign(lock, { ended })
}
