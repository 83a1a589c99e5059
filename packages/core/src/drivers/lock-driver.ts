import type { LockInfo, LockMode, Owner } from '../locks/lock-types.js'
import type { MaybePromise } from './maybe-promise.js'

/** What is asked of a driver for one acquisition. Names are validated and defaults filled in by the caller. */
export interface LockRequest {
  readonly resource: string
  readonly mode: LockMode
  /** Unique id of this grant, made by the caller. */
  readonly id: string
  /**
   * Ids of the locks that the asking flow already holds, as far as known. A driver uses them to find a cycle
   * of waiters. The caller itself has refused a resource that the flow already holds, except for sharing one that it
   * shares already: such a request must pass waiters by, since waiting behind an exclusive one would never end.
   */
  readonly held: readonly string[]
  /**
   * The lock is held by a flow from beginning to end (a callback, a command), so that a process which the flow begins
   * and which asks for the same lock very likely waits for ever. Drivers without a process table ignore it.
   */
  readonly inFlow?: boolean | undefined
  /**
   * Who is shown as the owner: a process of another machine, for which this one takes the lock. The lock ends with the process that
   * takes it all the same. Absent: the process that asks.
   */
  readonly owner?: Owner | undefined
}

/** How a waiting acquisition is ended and observed. */
export interface LockWait {
  /** Aborted at the caller's timeout or by the caller's own signal. */
  readonly signal: AbortSignal
  /**
   * Called when the wait begins and when another owner is in the way. Never throws. `info.waiters` may be a getter that
   * looks when it is read. Absent where nobody asked, so that nothing is spent on it.
   */
  readonly onWait?: ((info: LockInfo) => void) | undefined
}

/**
 * Locks on one engine.
 *
 * The caller may rely on: at most one exclusive grant (or any number of shared ones) at a time, where the
 * driver's capabilities do not say `leases`; with leases, at most one grant whose token a fenced store
 * accepts. Tokens rise with every grant of a resource. Waiters are served in the order of arrival; a
 * waiter that dies is passed over. An owner that is not proven dead is never robbed.
 */
export interface LockDriver {
  /** Tries once, without waiting and without passing waiters by; `null` when busy. */
  tryAcquire(request: LockRequest): MaybePromise<LockGrant | null>
  /** As `tryAcquire`, synchronously; absent on drivers that need the network. */
  tryAcquireSync?(request: LockRequest): LockGrant | null
  /**
   * Waits until granted. Rejects with `wait.signal.reason` once aborted, having left the queue (the abort
   * listener itself leaves the queue synchronously where the driver can, since the process may be ending),
   * or with `LOCK_DEADLOCK` where waiting could never end.
   */
  acquire(request: LockRequest, wait: LockWait): Promise<LockGrant>
  /** The lock's present state; `null` when it is neither held nor waited for. Dead owners count as absent. */
  inspect(resource: string): MaybePromise<LockInfo | null>
  /** All locks that are held or waited for. */
  list(): MaybePromise<LockInfo[]>
  /** Takes the lock from the grant with this id, and from no other. False when that id does not hold it. */
  forceRelease(resource: string, id: string): MaybePromise<boolean>
  /**
   * The same locks, held and waited for in the name of another process of this machine: they end with that process and
   * not with the caller. Absent on drivers that do not tell owners by their process.
   */
  ownedBy?(pid: number): LockDriver
  /** Removes what dead owners and waiters left, and reports the locks that were freed. */
  clean(options?: CleanOptions): MaybePromise<LockInfo[]>
}

/** Bounds of a clean-up. */
export interface CleanOptions {
  /** Stop early at this instant of `monotonicMs()`; what is left waits for the next clean-up. */
  readonly deadline?: number
}

/** A lock that was granted. */
export interface LockGrant {
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  /** Milliseconds until the lock ends unless it is renewed; absent where it ends with its owner only. */
  readonly remainingMs?: number
  /** Tells, without waiting, whether the lock is still held; for leases by comparing monotonic clocks. */
  isHeld(): boolean
  /** Calls `listener` once if the lock is lost; returns a function that stops watching. Keeps no process alive. */
  onLost(listener: () => void): () => void
  release(): MaybePromise<void>
  /** Absent on drivers that need the network. */
  releaseSync?(): void
}
