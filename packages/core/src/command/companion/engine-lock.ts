import type { SlotGrant } from '../../locks/slots/slot-request.js'
import type { HeldLock } from '../../locks/held-lock.js'
import { ownDeadlockError } from '../../locks/lock-errors.js'
import { toHeldLock } from '../../locks/to-held-lock.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'
import type { Connection } from '../../engine/connection-options.js'
import { ownProcess } from '../../base/process/own-process.js'
import type { LockRule } from '../options/cli-ops-options.js'
import { WaitDisplay } from '../waiting/wait-display.js'
import { createWaitLine } from '../waiting/wait-line.js'
import { AncestorWatch } from './ancestor-watch.js'
import { companionFor } from './companion-for.js'
import type { Companion, CompanionLockOptions } from './companion.js'
import { clearTimeout, setTimeout } from '../../base/wait/own-timers.js'

/**
 * Takes a rule's lock on an engine before it returns, in order of arrival, for synchronous hosts. A signal ends the process as it does
 * during a wait for a local lock. Returns `undefined` if the surrounding command holds it.
 *
 * @throws CliOpsError as `LockManager.lock`; `ENGINE_UNAVAILABLE` if no companion can be started, too
 */
export function blockForEngineLock(connection: Connection, rule: LockRule): HeldLock | undefined {
  const companion = companionFor(connection)
  const display = new WaitDisplay()
  const ancestors = new AncestorWatch(rule)
  const onWait: CompanionLockOptions['onWait'] = (info) => {
    // With slots, another slot can come free.
    if (rule.slots === undefined) assertNotHeldHere(companion, info)
    ancestors.look(info)
    if (display.restMs === 0) display.show(info)
  }
  try {
    return toLock(
      connection,
      rule,
      companion.takeSync(rule.resource, { ...optionsOf(rule), onWait }),
    )
  } catch (error) {
    if (ancestors.isPart(error)) return undefined
    throw error
  } finally {
    display.end()
  }
}

/** Like {@link blockForEngineLock}, for hosts that await it. */
export async function waitForEngineLock(
  connection: Connection,
  rule: LockRule,
): Promise<HeldLock | undefined> {
  const companion = companionFor(connection)
  const line = createWaitLine()
  const ancestors = new AncestorWatch(rule)
  const wait = new AbortController()
  const look = (info?: LockInfo): void => {
    try {
      ancestors.look(info)
    } catch (error) {
      wait.abort(error)
    }
  }
  const onWait = (info: LockInfo): void => {
    look(info)
    line.onWait(info)
  }
  const later = setTimeout(look, ancestors.restMs).unref()
  try {
    const options = { ...optionsOf(rule), onWait }
    return toLock(connection, rule, await companion.take(rule.resource, options, wait.signal))
  } catch (error) {
    if (ancestors.isPart(error)) return undefined
    throw error
  } finally {
    clearTimeout(later)
    line.stop()
  }
}

function optionsOf({
  mode,
  timeoutMs,
  label,
  slots,
  queue,
  graceMs,
  onBusy = 'wait',
}: LockRule): CompanionLockOptions {
  const common = { mode, label, slots, queue, inFlow: true }
  if (onBusy === 'join' || onBusy === 'replace') return { ...common, timeoutMs, onBusy, graceMs }
  return { ...common, timeoutMs: onBusy === 'wait' ? timeoutMs : 0 }
}

function toLock(
  connection: Connection,
  { resource, mode = 'exclusive' }: LockRule,
  grant: SlotGrant,
): HeldLock {
  return toHeldLock(connection, { resource, mode }, grant)
}

/** A blocked thread would never let another flow of its process release the lock. */
function assertNotHeldHere(companion: Companion, { resource, id }: LockInfo): void {
  if (companion.holds(resource) || id.startsWith(ownProcess().instance))
    throw ownDeadlockError(resource, id)
}
