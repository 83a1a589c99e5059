import type { LockRequest, LockWait } from '../../lock-driver.js'
import { storageError } from '../home.js'
import type { Claim } from './claims.js'
import { HintWatch } from './hint-watch.js'
import type { LockPlace } from './lock-place.js'
import type { Ticket } from './queue.js'
import { Turn } from './turn.js'

/** A race that is lost is looked at again at once, but not for ever. */
const MAX_LOOKS = 10

/**
 * Waits with a ticket in the queue until the lock is won. Rejects with the signal's reason once it is aborted, or with
 * `LOCK_DEADLOCK`; the queue has then been left. Keeps the process alive, since somebody awaits it.
 */
export function waitForTurn(
  place: LockPlace,
  request: LockRequest,
  wait: LockWait,
  ticket: Ticket,
): Promise<Claim> {
  return new Promise((resolve, reject) => {
    new Waiter(place, request, ticket, wait, resolve, reject).start()
  })
}

class Waiter {
  readonly #place: LockPlace
  readonly #turn: Turn
  readonly #signal: AbortSignal
  readonly #resolve: (claim: Claim) => void
  readonly #reject: (reason: unknown) => void
  readonly #hint: HintWatch
  #ended = false
  readonly #stopNudges: (() => void) | undefined
  #stopTimer: () => void = () => undefined

  constructor(
    place: LockPlace,
    request: LockRequest,
    ticket: Ticket,
    { onWait, signal }: LockWait,
    resolve: (claim: Claim) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#place = place
    this.#stopNudges = place.surroundings.onNudge(() => {
      this.#turn.onNudge()
      this.#look()
    })
    const hearsNudges = this.#stopNudges !== undefined
    this.#turn = new Turn(place, request, ticket, { onWait, hearsNudges })
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#hint = new HintWatch(place.fileSystem, () => this.#look())
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

  /** One look: is it this waiter's turn, and if not, when to look again. */
  #look(): void {
    if (this.#ended) return
    this.#stopTimer()
    try {
      const claim = this.#tryTurn()
      if (claim !== undefined) {
        this.#end()
        this.#resolve(claim)
        return
      }
      this.#turn.report()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#ended) return
    const pollMs = this.#turn.pollMs(this.#hint.isArmed)
    this.#stopTimer = this.#place.clock.startTimer(pollMs, () => this.#look(), {
      persistent: true,
    })
  }

  /** Arms a watch and then looks again, since what happened before the watch is told by nobody. */
  #tryTurn(): Claim | undefined {
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const claim = this.#turn.tryOnce()
      if (claim !== undefined) return claim
      // A user has few inotify instances, and libuv keeps the one of a process until that ends: only who is near takes one.
      const path = this.#turn.watchable
      if (path === undefined || !this.#hint.isNewOn(path)) break
    }
    return undefined
  }

  readonly #abort = (): void => {
    this.#end()
    this.#reject(this.#signal.reason)
  }

  #fail(error: unknown): void {
    this.#end()
    this.#reject(storageError(error, this.#place.home.root))
  }

  #end(): void {
    this.#ended = true
    this.#stopTimer()
    this.#hint.close()
    this.#stopNudges?.()
    this.#signal.removeEventListener('abort', this.#abort)
    this.#turn.leave()
  }
}
