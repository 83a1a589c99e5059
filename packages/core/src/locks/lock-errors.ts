import { CliOpsError } from '../errors/cli-ops-error.js'
import { describeDuration, describeOwner } from './describe-owner.js'
import type { LockInfo } from './lock-types.js'

/** The error for a lock that is taken while the caller asked not to wait. */
export function lockHeldError(resource: string, info: LockInfo | null): CliOpsError {
  return new CliOpsError('LOCK_HELD', `${JSON.stringify(resource)} ${stateOf(info, '')}`, {
    details: detailsOf(resource, info),
  })
}

/** The error for a wait that took too long: `"db" is still held by cli-beta sync (pid 4242, dev@build-7) after 30 s`. */
export function lockTimeoutError(
  resource: string,
  info: LockInfo | null,
  timeoutMs: number,
): CliOpsError {
  return new CliOpsError(
    'LOCK_TIMEOUT',
    `${JSON.stringify(resource)} ${stateOf(info, 'still ')} after ${describeDuration(timeoutMs)}`,
    { details: { ...detailsOf(resource, info), timeoutMs } },
  )
}

/** The error for a lock that is not held any more: taken away, or given back by the caller. */
export function lockLostError(resource: string, id: string, isReleased = false): CliOpsError {
  const how = isReleased ? 'has been released already' : 'was taken away before it was released'
  return new CliOpsError('LOCK_LOST', `${JSON.stringify(resource)} ${how}`, {
    details: { resource, id },
  })
}

/** The error for a flow that asks for a lock it holds itself. */
export function ownDeadlockError(resource: string, id: string): CliOpsError {
  return new CliOpsError(
    'LOCK_DEADLOCK',
    `waiting for ${JSON.stringify(resource)} would never end: it is held by the caller itself, further up`,
    { details: { resource, id } },
  )
}

function stateOf(info: LockInfo | null, still: string): string {
  // Between the attempt and the look it may have become free, or be on its way to a waiter.
  if (info === null) return 'was busy'
  const owner = describeOwner(info.owner)
  return info.id === '' ? `is ${still}waited for by ${owner}` : `is ${still}held by ${owner}`
}

function detailsOf(resource: string, info: LockInfo | null): Record<string, unknown> {
  if (info === null) return { resource }
  const { owner, id, since, mode } = info
  return { resource, owner, id, since, mode }
}
