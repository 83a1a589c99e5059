/** A process that holds a lock or waits for it. */
export interface Owner {
  /** Name of its CLI. */
  readonly name: string
  /** 0 if its pid means nothing here, as for a process in another container. */
  readonly pid: number
  readonly host: string
  readonly user: string
  /** The command it runs, without arguments. */
  readonly command?: string
  /** When the process started. */
  readonly startedAt: Date
  /** `stopped` is suspended (SIGSTOP, Ctrl-Z); `unknown` cannot be checked from here and counts as alive. */
  readonly state: 'running' | 'stopped' | 'dead' | 'unknown'
  /**
   * Name of the access key with which a process on another machine connected to a hub. The key is verified; the other fields are the
   * process's own claims.
   */
  readonly via?: string
}

/** One `exclusive` owner has the resource alone; any number of `shared` owners may hold it together. */
export type LockMode = 'exclusive' | 'shared'

/** A holder of a lock. */
export interface Holder {
  /** Id of the grant, as `forceRelease` takes it. */
  readonly id: string
  readonly token: bigint
  readonly owner: Owner
  /** When the lock was granted. */
  readonly since: Date
  /** Its owner's label for what the lock is held for. */
  readonly label?: string
  /** Its slot, if the lock has slots. */
  readonly slot?: string
}

/** A waiter for a lock. */
export interface LockWaiter {
  readonly owner: Owner
  /** When the wait began. */
  readonly since: Date
  /** Its owner's label for what the lock is wanted for. */
  readonly label?: string
  /** `shared` if it wants to share the lock; absent if it wants the lock for itself. */
  readonly mode?: 'shared'
}

/** A waiter's position in a queue whose other waiters are not listed. */
export interface QueueStanding {
  /** 1 is next. */
  readonly position: number
  /** Number of waiters, including itself. */
  readonly length: number
}

/** Who holds a lock and who waits for it, as one process saw it at one moment. */
export interface LockInfo {
  readonly resource: string
  /** Id of the grant, as `forceRelease` takes it. Empty if the lock has only waiters and no holder. */
  readonly id: string
  /** Fencing token of the grant; `0n` if nobody holds the lock. */
  readonly token: bigint
  /** The holder; of several shared holders, the one that has held it longest. */
  readonly owner: Owner
  /** When the lock was granted. */
  readonly since: Date
  readonly mode: LockMode
  /** The waiting processes, next first. */
  readonly waiters: readonly Owner[]
  /** All holders, the oldest first. Empty if there are only waiters. */
  readonly holders: readonly Holder[]
  /** The waiters, next first, with their start times and labels. */
  readonly waiting: readonly LockWaiter[]
  /**
   * What a remote engine passes to `onWait` instead of {@link waiting}, which is then empty: with hundreds of waiters, listing them
   * all for each would cost too much. `inspect` and `list` name them.
   */
  readonly queue?: QueueStanding
  /**
   * Until when the engine grants no lock, since it is new or may have lost its records, and an owner that it does not know may still be
   * at work. Only while nobody is known to hold the lock.
   */
  readonly closedUntil?: Date
}

/** Options of one acquisition. */
export interface LockOptions {
  /**
   * How long to wait, in milliseconds, before the call rejects with `LOCK_TIMEOUT`; `0` tries once.
   * @default the manager's `timeoutMs`, else `CLI_OPS_LOCK_TIMEOUT_MS`, else without limit
   */
  readonly timeoutMs?: number | undefined
  /** Ends the wait: the call rejects with the signal's reason and leaves the queue immediately. */
  readonly signal?: AbortSignal | undefined
  /**
   * Whether one flow will hold the lock to its end, through `lock.run` or `lock.enter`. A child process of that flow that
   * waits for the same lock then gets `LOCK_DEADLOCK` after a few seconds instead of waiting forever.
   * @default true for `acquire` with its callback, else false
   */
  readonly inFlow?: boolean | undefined
  /**
   * The process that will hold the lock, for a program that takes it on behalf of its child. The lock then ends with that process,
   * even if this one is killed meanwhile, and is not released when this one ends. It must be a running process of this user. Drivers
   * that do not identify owners by process ignore it.
   * @default this process
   */
  readonly ownerPid?: number | undefined
  /**
   * A second process that holds the lock together with `ownerPid`, such as this one if it has work left when the first has ended.
   * The lock ends when both have.
   */
  readonly partnerPid?: number | undefined
  /** @default 'exclusive' */
  readonly mode?: LockMode | undefined
  /**
   * Admits one holder per slot: `slots: 3` means '1', '2' and '3'; `slots: ['emulator-1', 'emulator-2']` names them. The first free
   * slot in the list is taken; `lock.slot` is its name. Callers that name different slots share the ones that both name. Up to
   * 1,000. Each slot has its own fencing tokens. A lock without slots is a separate lock. Exclusive mode only.
   */
  readonly slots?: number | readonly string[] | undefined
  /**
   * Who waits for the lock: `all`, in order of arrival, or only the `latest`. With `latest`, a newer `latest` waiter replaces this
   * one, which is rejected with `LOCK_SUPERSEDED`; waiters with `all` are not affected.
   * @default 'all'
   */
  readonly queue?: 'all' | 'latest' | undefined
  /** What the lock is for, shown next to the owner: `production`. Up to 200 characters; not for secrets. */
  readonly label?: string | undefined
  /**
   * Called when the wait starts, and again whenever the holder changes. If it throws or rejects, the wait ends with that
   * error.
   */
  readonly onWait?: ((info: LockInfo) => unknown) | undefined
}

/**
 * The right to a resource. It ends with `release()`, with `await using`, or with the process: the next process that wants the lock
 * recognises and removes what a crash left behind.
 */
export interface Lock {
  readonly resource: string
  readonly id: string
  readonly mode: LockMode
  /** The slot, if `slots` were requested. */
  readonly slot?: string | undefined
  /**
   * Fencing token: rises with every grant of this resource. A store that remembers the highest token it has seen and refuses lower
   * ones is safe even from a holder that was cut off without knowing it. With slots, each slot has its own sequence.
   */
  readonly token: bigint
  /** Aborted with a `LOCK_LOST` error as the reason when the lock is taken away. */
  readonly signal: AbortSignal
  /** Throws `LOCK_LOST` unless the lock is still held. */
  assertHeld(): void
  /**
   * Runs a callback as a holder of this lock: a request for the same resource in it, or in what it awaits, is rejected with
   * `LOCK_DEADLOCK` instead of waiting for itself. `LockManager.acquire` does so automatically.
   */
  run<T>(callback: () => T): T
  /** Like `run`, for the rest of the calling flow instead of a callback. */
  enter(): void
  /**
   * Releases the lock. Releasing it twice, or after it was lost, does nothing. If it rejects, the lock is still held; call it again to
   * retry.
   */
  release(): Promise<void>
  /** Like `release`, but synchronous, for exit handlers. @throws CliOpsError `UNSUPPORTED` on drivers that need the network */
  releaseSync(): void
  [Symbol.asyncDispose](): Promise<void>
}
