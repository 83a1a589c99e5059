import { homeOf } from '../drivers/local/home/home-of.js'
import { blockForTurn } from '../drivers/local/locks/block-for-turn.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { LockContext } from '../drivers/local/locks/lock-context.js'
import { realSurroundings } from '../drivers/local/locks/real-surroundings.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import { latestName } from '../locks/contract/slot-name.js'
import { becomeLatestSync } from '../locks/latest-waiter.js'
import { lockHeldError, lockSupersededError, lockTimeoutError } from '../locks/lock-errors.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import { timeoutFromEnvironment } from '../locks/lock-wait.js'
import { toHeldLock } from '../locks/to-held-lock.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'
import { assertNotOwn, isOwn } from './assert-not-own.js'
import type { CommandLock } from './command-lock.js'
import type { LockRule } from './options/cli-ops-options.js'
import { isHeldByCompanion } from './companion/companion-for.js'
import { blockForEngineLock } from './companion/engine-lock.js'
import { isEngine } from './companion/is-engine.js'
import { blockFor } from '../base/wait/block-for.js'
import { whileBlocked } from './waiting/while-blocked.js'
import { nameSlottedResource } from '../locks/slots/name-slotted-resource.js'
import { type SlotGrant, wantsSlots } from '../locks/slots/slot-request.js'
import { slotNames } from '../locks/slots/slot-set.js'
import { inspectSlotsSync } from '../locks/slots/inspect-slots.js'
import { blockForSlot } from './block-for-slot.js'
import { blockToJoin } from './block-to-join.js'
import { deadlockFinder } from './runs/find-deadlock.js'
import { HolderReplacer } from './runs/holder-replacer.js'
import { takeStepsNow } from './runs/steps.js'
import { asRun } from './told-run.js'
import { lockRequest } from './try-lock-now.js'
import { markedGrant, markRunNow } from './try-run-now.js'
import { WaitDisplay } from './waiting/wait-display.js'

/** How often to check whether the programs of a replaced holder have ended. */
const JOB_LOOK_MS = 20

/**
 * Takes a rule's lock before it returns, in order of arrival, for hosts that continue immediately whatever a hook
 * returns. Ctrl-C calls the host's listeners and then ends the process by SIGINT, at any point of the wait. Any other
 * signal ends it immediately. The process then leaves a dead waiter's ticket, and other processes store the end of its
 * command.
 *
 * @throws CliOpsError `LOCK_HELD` or `LOCK_TIMEOUT`; `RUN_JOINED`; `LOCK_DEADLOCK` if the holder is a process that waits for this one, or
 * a flow of this process
 */
export function blockForLock(connection: Connection, rule: LockRule): CommandLock | undefined {
  const { resource, onBusy = 'wait' } = rule
  const url = connection.urlOf('locks')
  if (isEngine(url)) return asRun(connection, rule, blockForEngineLock(connection, rule))
  if (url !== 'local:') throw notOfThisMachine(resource)
  if (onBusy === 'join') return blockToJoin(connection, rule)
  if (onBusy !== 'wait' && onBusy !== 'replace')
    throw lockHeldError(resource, inspect(connection, rule))
  assertNotOwn(inspect(connection, rule), rule)
  const { timeoutMs = timeoutFromEnvironment() } = rule
  const grant = whileBlocked(() => block(connection, rule, timeoutMs))
  const { mode = 'exclusive' } = rule
  if (grant !== null) return toHeldLock(connection, { resource, mode }, grant)
  throw lockTimeoutError(resource, inspect(connection, rule), timeoutMs)
}

function block(connection: Connection, rule: LockRule, timeoutMs: number): SlotGrant | null {
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  const display = new WaitDisplay()
  const locks = createLocalLocks(home)
  const latest = rule.queue === 'latest' ? becomeLatestSync(locks, rule) : undefined
  const replaces = rule.onBusy === 'replace'
  const mark = replaces ? markRunNow(connection, rule) : undefined
  const replacer = replaces ? replacerFor(connection, locks, rule) : undefined
  const onPause = (): void => {
    if (latest?.isLatest() === false) throw supersededError(locks, rule.resource)
    if (replacer !== undefined) takeStepsNow(replacer.look())
    if (display.restMs > 0) return
    const info = inspect(connection, rule)
    if (info === null) return
    assertNotOwn(info, rule)
    display.show(info)
  }
  try {
    const request = lockRequest(rule)
    const wait = { timeoutMs, onPause }
    const grant = wantsSlots(request)
      ? blockForSlot(context, locks, request, wait)
      : blockForTurn(context, request, wait)
    if (grant === null) mark?.releaseSync()
    else if (replacer !== undefined) blockForJobs(replacer, grant)
    return grant && mark !== undefined ? markedGrant(grant, mark) : grant
  } catch (error) {
    mark?.releaseSync()
    throw nameSlottedResource(error)
  } finally {
    latest?.stop()
    display.end()
  }
}

/** Blocks until the programs that replaced holders left behind have ended. */
function blockForJobs(replacer: HolderReplacer, grant: SlotGrant): void {
  try {
    while (replacer.isJobRunning()) blockFor(JOB_LOOK_MS)
  } catch (error) {
    grant.releaseSync?.()
    throw error
  }
}

function replacerFor(
  connection: Connection,
  locks: LockDriver,
  { resource, graceMs }: LockRule,
): HolderReplacer {
  const findDeadlock = deadlockFinder(connection, resource)
  return new HolderReplacer(locks, resource, { graceMs, findDeadlock })
}

function inspect(connection: Connection, { resource, slots }: LockRule): LockInfo | null {
  const locks = createLocalLocks(homeOf(connection))
  return slots === undefined
    ? (locks.inspect(resource) as LockInfo | null)
    : inspectSlotsSync(locks, resource, slotNames(slots))
}

function supersededError(locks: LockDriver, resource: string): CliOpsError {
  const info = locks.inspect(latestName(resource)) as LockInfo | null
  return lockSupersededError(resource, info?.holders[0])
}

/** Returns whether a flow of this process holds the lock: a blocked thread would never let it release the lock. */
export function isHeldHere(options: ConnectionOptions, rule: LockRule): boolean {
  const connection = resolveConnection(options)
  if (connection.urlOf('locks') !== 'local:') return isHeldByCompanion(connection, rule.resource)
  return isOwn(inspect(connection, rule), rule)
}

function notOfThisMachine(resource: string): CliOpsError {
  const reason = `${JSON.stringify(resource)} is a lock in this process's memory, which a synchronous program cannot wait for`
  return new CliOpsError('UNSUPPORTED', reason)
}
