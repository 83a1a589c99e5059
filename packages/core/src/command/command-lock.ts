import { type FlowLock, lockOfFlow, slotsOfFlow } from '../locks/lock-flow.js'
import { createLockRequest } from '../locks/lock-request.js'
import { lockScope } from '../locks/lock-scope.js'
import { toHeldLock } from '../locks/to-held-lock.js'
import type { Lock, LockMode } from '../locks/contract/lock-types.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'
import { checkLockRule } from './check-options.js'
import type { LockRule } from './options/cli-ops-options.js'
import { loadParts } from './lazy.js'
import { loadRefusal } from './load-refusal.js'
import { localDriver } from './local-driver.js'
import type { Refusal } from './refusal.js'

/** What becomes of a rule's lock; `undefined` where the running flow or the command around it holds it already, so that there is nothing to take or to release. */
export type Taken = CommandLock | undefined | Refusal

/** A lock that a flow can hold. After its release it knows whether it was gone by then. */
export interface CommandLock extends Lock, FlowLock {
  readonly mode: LockMode
  readonly wasGone: boolean
  readonly slot?: string | undefined
  /** Tells those who have joined the run how it ended, before the lock is given back. Absent where nobody can have joined it. */
  ended?(exitCode: number): void
}

/**
 * Takes the lock of a rule before it returns: at once where it is free, else by blocking in the order of arrival, telling the
 * waiting person who holds it. Locks fail closed: whatever keeps the lock from being taken is a refusal.
 */
export function takeLockNow(options: ConnectionOptions, rule: LockRule): Taken {
  return takeLock(options, rule, () => true) as Taken
}

/**
 * As {@link takeLockNow}, but where the lock is busy and `blocks`, which is asked only then, does not say otherwise, it returns a
 * promise: for hosts that await one.
 */
export function takeLock(
  options: ConnectionOptions,
  rule: LockRule,
  blocks: () => boolean = () => false,
): Taken | Promise<Taken> {
  try {
    const connection = resolveConnection(options)
    if (isHeldByFlow(connection, rule)) return undefined
    const lock = takeFree(connection, rule)
    if (lock !== null) return lock
    if (loadParts().isHeldAround(connection, rule)) return undefined
    if (blocks()) return loadParts().blockForLock(connection, rule)
    return loadParts()
      .waitForLock(options, rule)
      .catch((error: unknown) => refusalOf(error, rule))
  } catch (error) {
    return refusalOf(error, rule)
  }
}

/** Tells a refusal from a lock. */
export function isRefusal(taken: Taken): taken is Refusal {
  return taken !== undefined && 'reason' in taken
}

/** One process is one owner: what its command holds passes to what it runs inside, save that sharing does not pass as holding alone. */
function isHeldByFlow(connection: Connection, rule: LockRule): boolean {
  checkLockRule('lock', rule)
  const scope = lockScope(connection)
  if (rule.slots !== undefined) {
    const wanted = loadParts().slotNames(rule.slots)
    return slotsOfFlow(scope, rule.resource).some(({ slot = '' }) => wanted.includes(slot))
  }
  const own = lockOfFlow(scope, rule.resource)
  if (own === undefined) return false
  if (own.mode === 'shared' && rule.mode !== 'shared')
    throw loadParts().ownDeadlockError(rule.resource, own.id)
  return true
}

/** Takes a lock of this machine that is free; `null` where that has to be waited for. */
function takeFree(connection: Connection, rule: LockRule): CommandLock | null {
  if (connection.urlOf('locks') !== 'local:') return null
  const { resource, mode, label, slots, onBusy } = rule
  if (onBusy === 'join' || onBusy === 'replace') return loadParts().tryRunNow(connection, rule)
  if (slots !== undefined) return loadParts().tryLockNow(connection, rule)
  const request = createLockRequest(resource, { mode, label, inFlow: true })
  const grant = localDriver(connection).tryAcquire(request)
  return grant && toHeldLock(connection, request, grant)
}

function refusalOf(error: unknown, rule: LockRule): Refusal {
  return loadRefusal().refusalOf(error, rule)
}
