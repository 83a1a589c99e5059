import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import type { HeldLock } from '../locks/held-lock.js'
import { appendEvent } from './append-event.js'
import type { CommandLock } from './command-lock.js'
import type { LockRule } from './options/cli-ops-options.js'
import { runEndedRecord } from './runs/run-ended.js'
import { RunGrant } from './runs/run-grant.js'

/** The lock of a run, which tells how that ended where the rule says `join`. */
export function asRun<Lock extends HeldLock | undefined>(
  connection: Connection,
  { onBusy }: LockRule,
  lock: Lock,
): CommandLock | Extract<Lock, undefined> {
  if (lock === undefined) return undefined as Extract<Lock, undefined>
  return onBusy === 'join' ? toldRun(connection, lock) : lock
}

/**
 * The lock of a run that others may join: how it ended is told before the lock is given back, by its `ended`, else by the exit code that the
 * process has by then. What cannot be told is left, and they end as if the run had been killed.
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
  lock.under((grant) => new RunGrant(grant, { before: () => ended(Number(process.exitCode ?? 0)) }))
  return Object.assign(lock, { ended })
}
