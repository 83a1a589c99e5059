import { type FlowLock, lockOfFlow, slotsOfFlow } from '../locks/lock-flow.js'
import { assertCurrentCopy } from '../locks/current-copy.js'
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

/** The outcome of taking a rule's lock; `undefined` if the running flow or the surrounding command holds it already, so there is nothing to take or release. */
export type Taken = CommandLock | undefined | Refusal

/** A lock that a flow can hold. After its release it knows whether it had been lost. */
export interface CommandLock extends Lock, FlowLock {
  readonly mode: LockMode
  readonly wasGone: boolean
  readonly slot?: string | undefined
  /** Tells those who joined the run how it ended, before the lock is released. Absent if the run cannot have been joined. */
  ended?(exitCode: number): void
}

/**
 * Takes a rule's lock before it returns: immediately if it is free, else by blocking in order of arrival, showing a waiting
 * person who holds it. Locks fail closed: any failure to acquire is a refusal.
 */
export function takeLockNow(options: ConnectionOptions, rule: LockRule): Taken {
  return takeLock(options, rule, () => true) as Taken
}

/**
 * Like {@link takeLockNow}, but returns a promise if the lock is busy, for hosts that await one. If `blocks`, called only then,
 * returns true, it blocks instead.
 */
export function takeLock(
  options: ConnectionOptions,
  rule: LockRule,
  blocks: () => boolean = () => false,
): Taken | Promise<Taken> {
  try {
    assertCurrentCopy()
    const connection = resolveConnection(options)
    if (isHeldByFlow(connection, rule)) return undefined
    const lock = takeFree(connection, rule)
    if (lock !== null) return lock
    if (loadParts().isHeldAround(connection, rule)) return undefined
    if (isDecidedNow(connection, rule) || blocks())
      return loadParts().blockForLock(connection, rule)
    return loadParts()
      .waitForLock(options, rule)
      .catch((error: unknown) => refusalOf(error, rule))
  } catch (error) {
    return refusalOf(error, rule)
  }
}

/** Distinguishes a refusal from a lock. */
export function isRefusal(taken: Taken): taken is Refusal {
  return taken !== undefined && 'reason' in taken
}

/**
 * One process is one owner: the locks of its command pass to the commands that it runs inside, except that a shared lock does not pass
 * as an exclusive one.
 */
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

/** A rule that does not wait is decided synchronously, so that even a host that awaits no promise knows the outcome before it continues. */
function isDecidedNow(connection: Connection, { onBusy }: LockRule): boolean {
  return (onBusy === 'fail' || onBusy === 'skip') && connection.urlOf('locks') === 'local:'
}

/** Takes a free lock of this machine; returns `null` if it is busy. */
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
