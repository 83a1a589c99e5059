import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { labelOfMark } from './contract/latest-mark.js'
import { describeClosed, describeHolders, describeOwner } from './contract/describe-owner.js'
import { describeDuration, describeLimit } from '../base/terminal/units.js'
import type { Holder, LockInfo } from './contract/lock-types.js'

/** The error for a busy lock if the caller does not want to wait. */
export function lockHeldError(
  resource: string,
  info: LockInfo | null,
  now: number = Date.now(),
): CliOpsError {
  const isHeld = info !== null && info.id !== ''
  const since = isHeld ? `, for ${describeDuration(now - info.since.getTime())}` : ''
  return new CliOpsError('LOCK_HELD', `${JSON.stringify(resource)} ${stateOf(info, '')}${since}`, {
    details: detailsOf(resource, info),
  })
}

/** The error for a wait that timed out, or of no time: `"db" is still held by cli-beta sync (pid 4242, dev@build-7) after 30 s`. */
export function lockTimeoutError(
  resource: string,
  info: LockInfo | null,
  timeoutMs: number,
): CliOpsError {
  if (timeoutMs === 0) return lockHeldError(resource, info)
  const limit = describeLimit(timeoutMs)
  return new CliOpsError(
    'LOCK_TIMEOUT',
    info?.closedUntil === undefined
      ? `${JSON.stringify(resource)} ${stateOf(info, 'still ')} after ${limit}`
      : `${JSON.stringify(resource)} was not granted within ${limit}: ${describeClosed(info.closedUntil)}`,
    { details: { ...detailsOf(resource, info), timeoutMs } },
  )
}

/** The error for a lock that is no longer held: taken away, or released by the caller. */
export function lockLostError(resource: string, id: string, isReleased = false): CliOpsError {
  const how = isReleased ? 'has already been released' : 'was taken away before it was released'
  return new CliOpsError('LOCK_LOST', `${JSON.stringify(resource)} ${how}`, {
    details: { resource, id },
  })
}

/**
 * The error for a waiter that a newer one has replaced: `"deploy" is wanted by a newer waiter, cli-beta deploy "eu" (pid 4242,
 * dev@build-7)`.
 */
export function lockSupersededError(resource: string, newer: Holder | undefined): CliOpsError {
  const who = newer === undefined ? '' : `, ${describeOwner(newer.owner, labelOfMark(newer))}`
  return new CliOpsError(
    'LOCK_SUPERSEDED',
    `${JSON.stringify(resource)} is wanted by a newer waiter${who}, so this one gives up`,
    { details: { resource, ...(newer !== undefined && { owner: newer.owner }) } },
  )
}

/** The error for a flow that requests a lock it already holds. */
export function ownDeadlockError(resource: string, id: string): CliOpsError {
  return new CliOpsError(
    'LOCK_DEADLOCK',
    `waiting for ${JSON.stringify(resource)} would never end: the caller itself already holds it`,
    { details: { resource, id } },
  )
}

/** The error for a process whose ancestor holds the lock until this process ends. */
export function ancestorDeadlockError(resource: string, { id, owner }: Holder): CliOpsError {
  const name = JSON.stringify(resource)
  const reason = `${name} is held by ${describeOwner(owner)}, which waits for this process to end`
  return new CliOpsError('LOCK_DEADLOCK', `waiting for ${name} would never end: ${reason}`, {
    details: { resource, cycle: [{ resource, id, owner }] },
  })
}

function stateOf(info: LockInfo | null, still: string): string {
  // The lock might have become free since the attempt, or be on its way to a waiter.
  if (info === null) return 'was busy'
  return info.id === ''
    ? `is ${still}waited for by ${describeOwner(info.owner)}`
    : `is ${still}held by ${describeHolders(info)}`
}

function detailsOf(resource: string, info: LockInfo | null): Record<string, unknown> {
  if (info === null) return { resource }
  const { owner, id, since, mode, holders, waiting } = info
  // Loggers write details as JSON, which cannot represent a bigint.
  const shown = holders.map((holder) => ({ ...holder, token: String(holder.token) }))
  return { resource, owner, id, since, mode, holders: shown, waiting }
}
