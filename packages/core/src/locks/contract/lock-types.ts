/** A process that holds a lock or waits for it. */
export interface Owner {
  /** Name of its CLI. */
  readonly name: string
  /** 0 where no pid is known that means this process here, as of one in another container. */
  readonly pid: number
  readonly host: string
  readonly user: string
  /** The command it runs, without arguments. */
  readonly command?: string
  /** When the process started. */
  readonly startedAt: Date
  /** `stopped` is suspended (SIGSTOP, Ctrl-Z); `unknown` cannot be judged from here and counts as alive. */
  readonly state: 'running' | 'stopped' | 'dead' | 'unknown'
  /**
   * Name of the token with which a process of another machine came to a hub. That is proven; the rest is what the process says of
   * itself.
   */
  readonly via?: string
}

/** `exclusive` has the resource alone; any number of `shared` owners may have it together. */
export type LockMode = 'exclusive' | 'shared'

/** One of those who hold a lock. */
export interface Holder {
  /** Id of the grant; what `forceRelease` asks for. */
  readonly id: string
  readonly token: bigint
  readonly owner: Owner
  /** When the lock was granted. */
  readonly since: Date
  /** What it is held for, in the words of its owner. */
  readonly label?: string
  /** Which slot it has, where the lock has slots. */
  readonly slot?: string
}

/** One of those who wait for a lock. */
export interface LockWaiter {
  readonly owner: Owner
  /** When the wait began. */
  readonly since: Date
  /** What it is wanted for, in the words of its owner. */
  readonly label?: string
}

/** Where one who waits stands in a queue whose others it is not told. */
export interface QueueStanding {
  /** 1 is next. */
  readonly position: number
  /** How many wait, itself among them. */
  readonly length: number
}

/** Who holds a lock and who waits for it, as one process saw it at one moment. */
export interface LockInfo {
  readonly resource: string
  /** Id of the grant; what `forceRelease` asks for. Empty where nobody holds the lock and only waiters are left. */
  readonly id: string
  /** Fencing token of the grant; `0n` where nobody holds the lock. */
  readonly token: bigint
  /** The holder; with several shared holders the one that has had it longest. */
  readonly owner: Owner
  /** When the lock was granted. */
  readonly since: Date
  readonly mode: LockMode
  /** The waiting processes, next first. */
  readonly waiters: readonly Owner[]
  /** All who hold it, the first to come first. Empty where only waiters are left. */
  readonly holders: readonly Holder[]
  /** The waiting processes, next first, and since when and what for they wait. */
  readonly waiting: readonly LockWaiter[]
  /**
   * What `onWait` is told by an engine of several machines in place of {@link waiting}, which is empty then: with hundreds of waiters
   * nobody could be told who everybody is. `inspect` and `list` name them.
   */
  readonly queue?: QueueStanding
}

/** Options of one acquisition. */
export interface LockOptions {
  /**
   * How long to wait, in milliseconds; `0` tries once. After it the call rejects with `LOCK_TIMEOUT`.
   * @default the manager's `timeoutMs`, else `CLI_OPS_LOCK_TIMEOUT_MS`, else without limit
   */
  readonly timeoutMs?: number | undefined
  /** Ends the wait; the call rejects with the signal's reason and the queue is left at once. */
  readonly signal?: AbortSignal | undefined
  /**
   * Says that the lock will be held by one flow to its end, through `lock.run` or `lock.enter`. A child process of that
   * flow that waits for the same lock is then told after a few seconds that it would wait for ever.
   * @default true for `acquire` with its callback, else false
   */
  readonly inFlow?: boolean | undefined
  /**
   * The process that is to hold the lock, for a program that takes it for its child: the lock then ends with that process,
   * also where this one is killed meanwhile, and is not released at the end of this one. It must be a process of this
   * user that runs now. Drivers that do not tell owners by their process ignore it.
   * @default this process
   */
  readonly ownerPid?: number | undefined
  /**
   * A second process that holds the lock together with `ownerPid`, such as this one, which has something to do yet when the first
   * has ended: the lock ends with the last of both.
   */
  readonly partnerPid?: number | undefined
  /** @default 'exclusive' */
  readonly mode?: LockMode | undefined
  /**
   * Lets in as many holders as there are slots, each with a slot of its own: `slots: 3` has '1', '2' and '3', and
   * `slots: ['emulator-1', 'emulator-2']` those. Any free one will do, the first in the list is tried first; `lock.slot` says which it is. Callers
   * that name other slots share those that both name. Up to 1,000. Each slot has its own fencing tokens. A lock without slots is another
   * one than those of the slots. Exclusive mode only.
   */
  readonly slots?: number | readonly string[] | undefined
  /**
   * Who waits for the lock: `all`, in the order of arrival, or the `latest` only. Then a newer one that says so as well takes the place of this
   * one, which is refused with `LOCK_SUPERSEDED`; who waits for `all` is left alone.
   * @default 'all'
   */
  readonly queue?: 'all' | 'latest' | undefined
  /** What the lock is for, shown to others beside the owner: `production`. Up to 200 characters, and no secret. */
  readonly label?: string | undefined
  /**
   * Called when the call begins to wait, and again whenever it waits for somebody else. Where it throws or rejects, the wait ends with
   * that.
   */
  readonly onWait?: ((info: LockInfo) => unknown) | undefined
}

/**
 * The right to a resource. It ends with `release()`, with `await using`, or with the process: what a crash
 * leaves behind is recognised by the next process that wants the lock, and removed.
 */
export interface Lock {
  readonly resource: string
  readonly id: string
  readonly mode: LockMode
  /** Which slot it is, where slots were asked for. */
  readonly slot?: string | undefined
  /**
   * Fencing token: rises with every grant of this resource. A store that remembers the highest token it has
   * seen and refuses lower ones is safe even from a holder that was cut off without knowing it. Of a slot: with every grant of that slot.
   */
  readonly token: bigint
  /** Aborted with a `LOCK_LOST` error as the reason when the lock is taken away. */
  readonly signal: AbortSignal
  /** Throws `LOCK_LOST` unless the lock is still held. */
  assertHeld(): void
  /**
   * Runs a callback as one that holds this lock: asking for the same resource in it, or in what it awaits, is then
   * refused with `LOCK_DEADLOCK` instead of waiting for itself. `LockManager.acquire` does so by itself.
   */
  run<T>(callback: () => T): T
  /** As `run`, for the rest of the calling flow, where there is no callback to give. */
  enter(): void
  /**
   * Gives the lock back. Releasing twice, or after the loss, does nothing; where it rejects, the lock stays, and releasing it
   * again tries again.
   */
  release(): Promise<void>
  /** As `release`, for exit handlers. @throws CliOpsError `UNSUPPORTED` on drivers that need the network */
  releaseSync(): void
  [Symbol.asyncDispose](): Promise<void>
}
