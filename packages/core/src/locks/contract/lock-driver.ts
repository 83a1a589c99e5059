import type { LockInfo, LockMode, Owner } from './lock-types.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'

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
  /** What it is for, shown to people. */
  readonly label?: string | undefined
  /**
   * Who is shown as the owner: a process of another machine, for which this one takes the lock. The lock ends with the process that
   * takes it all the same. Absent: the process that asks.
   */
  readonly owner?: Owner | undefined
  /**
   * When the asker came, in nanoseconds of this machine's monotonic clock (`process.hrtime.bigint()`), for one that has waited elsewhere
   * before. Drivers that order waiters by that clock honour it; others take it as come just now.
   */
  readonly arrival?: bigint | undefined
}

/** How a waiting acquisition is ended and observed. */
export interface LockWait {
  /** Aborted at the caller's timeout, by the caller's own signal, or with `WaitAbandoned` where another process goes on waiting. */
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
  list(options?: ListOptions): MaybePromise<LockInfo[]>
  /** Takes the lock from the grant with this id, and from no other. False when that id does not hold it. */
  forceRelease(resource: string, id: string): MaybePromise<boolean>
  /**
   * Takes up a lock that this very request was granted with that token, in the name of a process that has ended since: a hub goes on with
   * what the hub before it held. `null` where the request does not hold the lock any more. Absent where locks cannot be taken up.
   */
  resume?(request: LockRequest, token: bigint): MaybePromise<LockGrant | null>
  /**
   * The same locks, held and waited for in the name of another process of this machine, or of two: they end with that process, or
   * with the last of both, and not with the caller. Absent on drivers that do not tell owners by their process.
   */
  ownedBy?(pid: number, partnerPid?: number, options?: OwnedByOptions): LockDriver
  /**
   * Locks of the same kind that nobody is shown, for the further names of what a lock protects. Absent where there is no such place:
   * those names are then resources like others.
   */
  readonly aliases?: LockDriver
  /** Removes what dead owners and waiters left, and reports the locks that were freed. */
  clean(options?: CleanOptions): MaybePromise<LockInfo[]>
}

/** How locks are taken in the name of another process. */
export interface OwnedByOptions {
  /**
   * Wait in the name of the caller: its places in queues end with it, its locks with the owner.
   * @default false: the places are the owner's as well
   */
  readonly waitsAsSelf?: boolean
}

/** Which locks are wanted. */
export interface ListOptions {
  /** Only those whose names begin so. A driver may give others as well: it spares work, and the caller looks at the names. */
  readonly prefix?: string | undefined
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
  /** Looks after it no longer, and does not give it back: it ends as after a crash of this process. Absent where nothing has to be done for that. */
  abandon?(): void
  /** Absent on drivers that need the network. */
  releaseSync?(): void
  /** After the release: whether the lock was gone by then. Absent where a release does not find out. */
  wasGone?(): boolean
}
