import { say } from '../diagnostics/message.js'
import { CliOpsError, isCliOpsError } from '../errors/cli-ops-error.js'
import type { Lock } from '../locks/lock-types.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../options/connection-options.js'
import { checkLockRule } from './check-options.js'
import type { LockRule } from './cli-ops-options.js'
import { EXIT_BUSY } from './exit-busy.js'
import { loadParts } from './load-parts.js'
import { takeFreeLock } from './take-free-lock.js'

/** Why a command does not run. */
export interface Refusal {
  /** `skipped` where the rule says so: the command then counts as done. */
  readonly reason: 'refused' | 'skipped'
  readonly error: CliOpsError
}

/**
 * Takes the lock of a rule: at once where it is free on this machine, else in time, telling the waiting person who
 * holds it. Locks fail closed: whatever keeps the lock from being taken is a refusal. What is neither a lock nor
 * a refusal is thrown, such as a wrong resource name.
 */
export function takeLock(
  options: ConnectionOptions,
  rule: LockRule,
): Lock | Refusal | Promise<Lock | Refusal> {
  checkLockRule('lock', rule)
  try {
    const connection = connect(options)
    if (connection.urlOf('locks') === 'local:') {
      const lock = takeFreeLock(connection, rule) ?? loadParts().tryLockNow(connection, rule)
      if (lock !== null) return lock
    }
  } catch (error) {
    return refusalOf(error, rule)
  }
  return waitForLock(options, rule).catch((error: unknown) => refusalOf(error, rule))
}

/** As {@link takeLock}, but it has the lock, or is refused it, when it returns. */
export function takeLockNow(options: ConnectionOptions, rule: LockRule): Lock | Refusal {
  checkLockRule('lock', rule)
  try {
    const connection = connect(options)
    if (connection.urlOf('locks') === 'local:')
      return takeFreeLock(connection, rule) ?? loadParts().blockForLock(connection, rule)
    const reason = `${JSON.stringify(rule.resource)} is a lock of an engine, which cannot be taken before a program without a command handler goes on; give it a handler, or start it by "cli-ops run --lock <resource> -- <program>"`
    throw new CliOpsError('UNSUPPORTED', reason)
  } catch (error) {
    return refusalOf(error, rule)
  }
}

/** Says on stderr why the command did not run, and sets the exit code where that is a failure. */
export function sayRefusal(refusal: Refusal): void {
  if (refusal.reason === 'skipped') {
    say(`skipped: ${refusal.error.message}`)
    return
  }
  say(refusal.error.message)
  process.exitCode = EXIT_BUSY
}

async function waitForLock(options: ConnectionOptions, rule: LockRule): Promise<Lock> {
  const { resource, mode, timeoutMs, onBusy = 'wait' } = rule
  // Only who waits pays for telling so.
  const { LockManager, createWaitLine } = await import('@cli-ops/shared-ipc')
  const line = createWaitLine()
  try {
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

/** What the author wrote was checked before, so what is wrong here is the environment. */
function connect(options: ConnectionOptions): Connection {
  try {
    return resolveConnection(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliOpsError('STORAGE_FAILED', `cannot take the lock: ${reason}`, { cause: error })
  }
}

function refusalOf(error: unknown, { onBusy }: LockRule): Refusal {
  if (!isCliOpsError(error)) throw error
  const isBusy = error.code === 'LOCK_HELD' || error.code === 'LOCK_TIMEOUT'
  return { reason: isBusy && onBusy === 'skip' ? 'skipped' : 'refused', error }
}
