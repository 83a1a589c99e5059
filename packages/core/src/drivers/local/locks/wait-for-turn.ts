import type { LockRequest, LockWait } from '../../../locks/contract/lock-driver.js'
import { storageError } from '../home/home.js'
import type { Claim } from './claim.js'
import { HintWatch } from './hint-watch.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'
import type { OwnerName } from './lock-names.js'
import type { LockContext } from './lock-context.js'
import type { Ticket } from './queue.js'
import { QueuePosition } from './queue-position.js'

/** A process that is ending disappears within this time, or was not ending. */
const MAX_ENDING_MS = 128

/** How long a holder keeps the lock until the first in the queue watches its end. Most release it earlier, and watching costs more than a poll. */
const WATCH_END_AFTER_MS = 5

/** After a lost race it polls again immediately, but not forever. */
const MAX_LOOKS = 10

/**
 * Waits with a ticket in the queue until the lock is won. Rejects with the signal's reason once it is aborted, or with
 * `LOCK_DEADLOCK`; the queue has then been left. Keeps the process alive, since the caller awaits it.
 */
export function waitForTurn(
  context: LockContext,
  request: LockRequest,
  wait: LockWait,
  ticket: Ticket,
): Promise<Claim> {
  return new Promise((resolve, reject) => {
    new Waiter(context, request, ticket, wait, resolve, reject).start()
  })
}

class Waiter {
  readonly #context: LockContext
  readonly #turn: QueuePosition
  readonly #signal: AbortSignal
  readonly #resolve: (claim: Claim) => void
  readonly #reject: (reason: unknown) => void
  readonly #change = new HintWatch(() => this.#look())
  readonly #end = new HintWatch(() => this.#onEnd())
  /** An ending process still exists for a moment after the hint: how soon to poll again, in milliseconds. */
  #endingMs = MAX_ENDING_MS
  #ended = false
  /** Nothing has happened since the last check, for as long as a poll is apart. */
  #isPoll = false
  readonly #stopNudges: (() => void) | undefined
  #stopTimer: () => void = () => undefined

  constructor(
    context: LockContext,
    request: LockRequest,
    ticket: Ticket,
    { onWait, signal }: LockWait,
    resolve: (claim: Claim) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#context = context
    this.#stopNudges = context.surroundings.onNudge(() => {
      this.#turn.onNudge()
      this.#look()
    })
    const hearsNudges = this.#stopNudges !== undefined
    this.#turn = new QueuePosition(context, request, ticket, { onWait, hearsNudges })
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  start(): void {
    if (this.#signal.aborted) {
      this.#abort()
      return
    }
    try {
      this.#signal.addEventListener('abort', this.#abort)
      this.#turn.begin()
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#look()
  }

  /** One poll: checks whether it is this waiter's turn, and if not, schedules the next one. */
  #look(): void {
    if (this.#ended) return
    this.#stopTimer()
    try {
      const claim = this.#tryTurn()
      if (claim !== undefined) {
        this.#stop()
        this.#resolve(claim)
        return
      }
      this.#turn.report()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#ended) return
    const poll = (): void => {
      this.#isPoll = true
      this.#look()
      this.#isPoll = false
    }
    this.#stopTimer = this.#context.clock.startTimer(this.#nextMs(), poll, { persistent: true })
  }

  #onEnd(): void {
    this.#endingMs = 1
    this.#look()
  }

  #nextMs(): number {
    const end = this.#end.isArmed
    const usualMs = this.#turn.pollMs({ change: this.#change.isArmed, end })
    const isNew = !end && !this.#isPoll && this.#turn.isHead
    const pollMs = isNew ? Math.min(WATCH_END_AFTER_MS, usualMs) : usualMs
    if (this.#endingMs >= MAX_ENDING_MS) return pollMs
    this.#endingMs *= 2
    return Math.min(pollMs, this.#endingMs / 2)
  }

  /** Starts a watch and then polls again, since no hint reports what happened before the watch. */
  #tryTurn(): Claim | undefined {
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const claim = this.#turn.tryOnce({ isHinted: looks === 0, isPoll: this.#isPoll })
      if (claim !== undefined) return claim
      const isNew = this.#watchChange() && !this.#turn.isStillHeld()
      if (!this.#watchEnd() && !isNew) break
    }
    return undefined
  }

  // A user has few inotify instances, and libuv keeps a process's instance until that ends: only near waiters take one.
  #watchChange(): boolean {
    const path = this.#turn.watchable ?? ''
    return this.#change.isNewOn(path, (listener) =>
      this.#context.fileSystem.watch(path, listener, { persistent: false }),
    )
  }

  #watchEnd(): boolean {
    const { surroundings } = this.#context
    if (surroundings.watchEnd === undefined) return false
    const awaited = this.#turn.awaited
    const key = awaited.map(({ text }) => text).join('/')
    if (!this.#isPoll) {
      this.#end.closeUnless(key)
      return false
    }
    return this.#end.isNewOn(key, (listener) =>
      watchAll(awaited, (identity) => surroundings.watchEnd?.(identity, listener)),
    )
  }

  readonly #abort = (): void => {
    this.#stop()
    this.#reject(this.#signal.reason)
  }

  #fail(error: unknown): void {
    this.#stop()
    this.#reject(storageError(error, this.#context.home.root))
  }

  #stop(): void {
    this.#ended = true
    this.#stopTimer()
    this.#change.close()
    this.#end.close()
    this.#stopNudges?.()
    this.#signal.removeEventListener('abort', this.#abort)
    this.#turn.leave()
  }
}

/** All or none: a waiter for several has to notice the end of each. */
function watchAll(
  owners: readonly OwnerName[],
  watch: (identity: ProcessIdentity) => { close(): void } | undefined,
): { close(): void } | undefined {
  const watchers: { close(): void }[] = []
  const close = (): void => {
    for (const watcher of watchers) watcher.close()
  }
  for (const { identity } of owners) {
    const watcher = watch(identity)
    if (watcher === undefined) {
      close()
      return undefined
    }
    watchers.push(watcher)
  }
  return { close }
}
