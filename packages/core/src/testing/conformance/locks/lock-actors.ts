import assert from 'node:assert/strict'

import type {
  Driver,
  DriverOptions,
  LockDriver,
  LockGrant,
  LockRequest,
} from '../../../drivers/driver.js'
import type { LockInfo } from '../../../locks/contract/lock-types.js'
import { nextLockId } from '../../../locks/contract/lock-id.js'
import type { CaseContext } from '../harness/case-context.js'

/** Returns the locks of a driver that must have them. */
export function locksOf({ locks }: Driver): LockDriver {
  assert.ok(locks !== undefined)
  return locks
}

/** Opens the locks of two processes. */
export async function openTwo(
  context: CaseContext,
  options: Partial<DriverOptions>,
): Promise<readonly [LockDriver, LockDriver]> {
  return [locksOf(await context.openAt(options)), locksOf(await context.openAt(options))]
}

/** Creates a request from a flow that holds no locks. */
export function newRequest(resource: string, options: Partial<LockRequest> = {}): LockRequest {
  return { resource, mode: 'exclusive', id: nextLockId(), held: [], ...options }
}

/** Takes a lock that must be free. */
export async function take(
  locks: LockDriver,
  resource: string,
  options: Partial<LockRequest> = {},
): Promise<LockGrant> {
  const grant = await locks.tryAcquire(newRequest(resource, options))
  assert.ok(grant !== null, `${resource} must be free`)
  return grant
}

/** Asserts that a lock can't be acquired now. */
export async function assertBusy(
  locks: LockDriver,
  resource: string,
  options: Partial<LockRequest> = {},
): Promise<void> {
  assert.equal(await locks.tryAcquire(newRequest(resource, options)), null)
}

/** A pending acquisition. */
export interface Waiting {
  readonly request: LockRequest
  readonly granted: Promise<LockGrant>
  readonly told: LockInfo[]
  /** Its outcome so far. */
  outcome: 'waiting' | 'granted' | 'rejected'
  abort(reason: Error): void
}

/** Starts to wait for a lock; the wait ends with the case. */
export function startWaiting(
  context: CaseContext,
  locks: LockDriver,
  resource: string,
  options: Partial<LockRequest> = {},
): Waiting {
  const controller = new AbortController()
  const request = newRequest(resource, options)
  const told: LockInfo[] = []
  const granted = locks.acquire(request, {
    signal: controller.signal,
    onWait: (info) => told.push(info),
  })
  const waiting: Waiting = {
    request,
    granted,
    told,
    outcome: 'waiting',
    abort: (reason) => {
      controller.abort(reason)
    },
  }
  granted.then(
    () => (waiting.outcome = 'granted'),
    () => (waiting.outcome = 'rejected'),
  )
  context.defer(async () => {
    controller.abort(new Error('the case is over'))
    const grant = await granted.catch(() => undefined)
    await grant?.release()
  })
  return waiting
}

/** Starts an acquisition, and waits until it is in the queue behind `ahead` others. */
export async function enqueue(
  context: CaseContext,
  locks: LockDriver,
  resource: string,
  ahead: number,
  options: Partial<LockRequest> = {},
): Promise<Waiting> {
  const waiting = startWaiting(context, locks, resource, options)
  await context.eventually(
    async () => {
      return ((await locks.inspect(resource))?.waiters.length ?? 0) > ahead
    },
    `${ahead + 1} waiters for ${resource}`,
  )
  return waiting
}
