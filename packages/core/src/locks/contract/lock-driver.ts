import type { LockInfo, LockMode, Owner } from './lock-types.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** One acquisition, as requested from a driver. The caller has validated the names and filled in the defaults. */
export interface LockRequest {
  readonly resource: string
  readonly mode: LockMode
  /** Unique id of this grant, made by the caller. */
  readonly id: string
  /**
   * Ids of the locks that the requesting flow is known to hold. A driver uses them to find a cycle of waiters. The caller already
   * refuses a resource that the flow holds, with one exception: a second shared lock on a resource that it shares. Such a request must
   * bypass the queue, since waiting behind an exclusive request would never end.
   */
  readonly held: readonly string[]
  /**
   * One flow (a callback, a command) holds the lock from beginning to end. A process that this flow starts and that requests the same
   * lock would very likely wait forever. Drivers without a process table ignore it.
   */
  readonly inFlow?: boolean | undefined
  /** The waiter can be granted another lock instead, so its wait for this one proves no cycle. `held` is empty then. */
  readonly isOneOfSeveral?: boolean | undefined
  /**
   * Pids of processes that (very likely) wait for the requesting one to end, if the lock marks a wait. Drivers without a process table
   * ignore it.
   */
  readonly ancestors?: readonly number[] | undefined
  /** What the lock is for, shown to people. */
  readonly label?: string | undefined
  /**
   * The owner to show: a process on another machine, for which this one takes the lock. The lock still ends with the process that
   * takes it. Defaults to the requesting process.
   */
  readonly owner?: Owner | undefined
  /**
   * When the caller started to wait, in nanoseconds of this machine's monotonic clock (`process.hrtime.bigint()`), if it has already
   * waited elsewhere. Drivers that order waiters by that clock honour it; others use the current time.
   */
  readonly arrival?: bigint | undefined
}

/** How to end and observe a waiting acquisition. */
export interface LockWait {
  /** Aborted at the caller's timeout, by the caller's own signal, or with `WaitAbandoned` if another process continues the wait. */
  readonly signal: AbortSignal
  /**
   * Called when the wait begins and when a different owner blocks it. Never throws. `info.waiters` can be a getter that reads them on
   * access. Absent if the caller passed no callback, which saves the work.
   */
  readonly onWait?: ((info: LockInfo) => void) | undefined
  /** The caller has just tried without waiting, and the lock was busy. A driver need not try again before it queues the request. */
  readonly isBusy?: boolean | undefined
}

/**
 * Locks on one engine.
 *
 * Guarantees to the caller: without the capability `leases`, at most one exclusive grant (or any number of shared ones) at a time;
 * with leases, at most one grant whose token a fenced store accepts. Tokens rise with every grant of a resource. Waiters are served in
 * the order of arrival, and dead waiters are skipped. A lock is never taken from an owner that is not proven dead.
 */
export interface LockDriver {
  /** Tries once, without waiting and without overtaking waiters; `null` when busy. */
  tryAcquire(request: LockRequest): MaybePromise<LockGrant | null>
  /** Like `tryAcquire`, but synchronous; absent on drivers that need the network. */
  tryAcquireSync?(request: LockRequest): LockGrant | null
  /**
   * Waits until granted. Rejects with `wait.signal.reason` once aborted and out of the queue, or with `LOCK_DEADLOCK` if the wait
   * could never end. If the driver can, the abort listener leaves the queue synchronously, since the process might be ending.
   */
  acquire(request: LockRequest, wait: LockWait): Promise<LockGrant>
  /** Returns the lock's current state; `null` when nobody holds it or waits for it. Dead owners count as absent. */
  inspect(resource: string): MaybePromise<LockInfo | null>
  /**
   * Returns how many milliseconds remain until the engine grants a free lock, since it is new or may have lost its records; 0 if it grants
   * it now. Absent on drivers whose engine loses no records.
   */
  closedForMs?(resource: string): MaybePromise<number>
  /** Returns all locks that are held or waited for. */
  list(options?: ListOptions): MaybePromise<LockInfo[]>
  /** Takes the lock from the grant with this id only. False when that id does not hold it. */
  forceRelease(resource: string, id: string): MaybePromise<boolean>
  /**
   * Resumes a lock that this same request was granted with that token, on behalf of a process that has ended since: a hub continues to
   * hold what its predecessor held. `null` if the request no longer holds the lock. Absent on drivers that cannot resume locks.
   */
  resume?(request: LockRequest, token: bigint): MaybePromise<LockGrant | null>
  /**
   * Returns the same locks, held and waited for on behalf of another process of this machine, or of two. They end with that process,
   * or with the last of the two, and not with the caller. Absent on drivers that do not identify owners by process.
   */
  ownedBy?(pid: number, partnerPid?: number, options?: OwnedByOptions): LockDriver
  /**
   * Locks of the same kind that are never listed, for the additional names of a protected resource. If absent, those names are
   * ordinary resources.
   */
  readonly aliases?: LockDriver
  /** Removes what dead owners and waiters left, and returns the freed locks. */
  clean(options?: CleanOptions): MaybePromise<LockInfo[]>
}

/** How to take locks on behalf of another process. */
export interface OwnedByOptions {
  /**
   * Waits on behalf of the caller: queue positions end with the caller, locks with the owner.
   * @default false: queue positions end with the owner as well
   */
  readonly waitsAsSelf?: boolean
}

/** Which locks to list. */
export interface ListOptions {
  /** Only names with this prefix. It saves work: a driver may return others as well, and the caller checks the names. */
  readonly prefix?: string | undefined
}

/** Bounds of a clean-up. */
export interface CleanOptions {
  /** Stop early at this instant of `monotonicMs()`; the rest waits for the next clean-up. */
  readonly deadline?: number
}

/** A lock that was granted. */
export interface LockGrant {
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  /** Milliseconds until the lock ends unless it is renewed; absent if it ends only with its owner. */
  readonly remainingMs?: number
  /** Returns, without waiting, whether the lock is still held; for leases, by comparing monotonic clocks. */
  isHeld(): boolean
  /** Calls `listener` once if the lock is lost; returns a function that stops watching. Keeps no process alive. */
  onLost(listener: () => void): () => void
  release(): MaybePromise<void>
  /** Stops maintaining the lock without releasing it: it ends as after a crash of this process. Absent if that takes no action. */
  abandon?(): void
  /** Absent on drivers that need the network. */
  releaseSync?(): void
  /** After the release: whether the lock was already gone. Absent if a release does not find out. */
  wasGone?(): boolean
}
