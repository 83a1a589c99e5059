import {
  isCliOpsError,
  type LeasedGrant,
  type LockInfo,
  type LockRequest,
  type LockWait,
  currentInstant,
  type Instant,
} from '@cli-ops/shared-ipc/driver'

/** How a request stands. */
export type Standing =
  | { readonly state: 'granted'; readonly token: bigint }
  | {
      readonly state: 'waiting'
      readonly ahead: number
      /** Milliseconds until the holder's lease ends, unless it is renewed. */
      readonly holderEndsInMs: number
      readonly info: LockInfo | null
    }
  /** Not granted, and not in the queue. */
  | { readonly state: 'busy' | 'gone' }

/** What a wait needs of the locks that it waits for. */
export interface WaitPlace {
  readonly leaseMs: number
  readonly timeoutMs: number
  listen(signal: AbortSignal): Promise<void>
  ask(request: LockRequest, how: 'wait', signal: AbortSignal): Promise<Standing>
  poll(request: LockRequest): Promise<Standing>
  /** Makes the grant of a lock that was given to a request sent at that time. @param givenMs what of its lease may be counted on */
  hold(request: LockRequest, token: bigint, sentAt: Instant, givenMs: number): LeasedGrant
  leave(request: LockRequest): Promise<void>
}

/** Leaving the queue may take this long where the engine does not answer; the place then expires. */
const LEAVE_MS = 50
/** Just after the end of a lease, and not just before. */
const AFTER_END_MS = 5
const MIN_POLL_MS = 20

/**
 * One acquisition that waits. Whoever makes room lets the next waiter in and tells it; that message may be lost, so the
 * waiter also looks for itself: at a third of its lease, to renew its place, and when the lease of a dead holder ends.
 */
export class RedisWait {
  readonly #place: WaitPlace
  readonly #request: LockRequest
  readonly #wait: LockWait
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  #wake: (() => void) | undefined
  /** Set where a message or an event asks for a look at once. */
  #mustLook = false
  #grantedToken: bigint | undefined
  /** When the last request was sent that renewed the place. */
  #renewedAt: Instant = currentInstant()
  #toldOf: string | undefined

  constructor(place: WaitPlace, request: LockRequest, wait: LockWait) {
    this.#place = place
    this.#request = request
    this.#wait = wait
    this.#signal = AbortSignal.any([wait.signal, this.#ending.signal])
  }

  /** Waits for the grant. Rejects with the reason of the end, having left the queue where the engine answers. */
  async granted(): Promise<LeasedGrant> {
    let left: Promise<void> | undefined
    const leave = (): void => {
      left = this.#place.leave(this.#request)
      this.#wake?.()
    }
    this.#signal.addEventListener('abort', leave, { once: true })
    try {
      return await this.#run()
    } catch (error) {
      if (left === undefined) leave()
      await Promise.race([left, pause(LEAVE_MS)])
      throw error
    } finally {
      this.#signal.removeEventListener('abort', leave)
    }
  }

  /** A script has let this waiter in. */
  onGranted(token: bigint): void {
    this.#grantedToken = token
    this.#wake?.()
  }

  /** Looks at once. */
  look(): void {
    this.#mustLook = true
    this.#wake?.()
  }

  end(reason: Error): void {
    this.#ending.abort(reason)
  }

  async #run(): Promise<LeasedGrant> {
    let sentAt = currentInstant()
    let standing = await this.#place.ask(this.#request, 'wait', this.#signal)
    let isListening = false
    for (;;) {
      this.#signal.throwIfAborted()
      if (standing.state === 'granted') {
        const grant = await this.#take(standing.token, sentAt)
        if (grant !== undefined) return grant
      }
      if (standing.state === 'waiting') {
        this.#renewedAt = sentAt
        this.#tell(standing.info)
        if (isListening) await this.#sleep(standing.ahead, standing.holderEndsInMs)
        else isListening = await this.#listen()
        if (this.#grantedToken !== undefined) {
          standing = { state: 'granted', token: this.#grantedToken }
          sentAt = this.#renewedAt
          continue
        }
      }
      ;[standing, sentAt] = await this.#look(standing)
    }
  }

  async #take(token: bigint, sentAt: Instant): Promise<LeasedGrant | undefined> {
    this.#grantedToken = undefined
    const { leaseMs } = this.#place
    // Handed out with enough of its lease left to do something with it.
    const isFresh = currentInstant().monotonic - sentAt.monotonic < leaseMs / 2
    const grant = this.#place.hold(this.#request, token, sentAt, isFresh ? leaseMs : 0)
    if (isFresh) return grant
    const isHeld = await grant.begin().catch(() => false)
    if (isHeld) return grant
    grant.lose()
    return undefined
  }

  /** Looks how things stand; through a time in which the engine does not answer, as long as that may pass. */
  async #look(last: Standing): Promise<[Standing, Instant]> {
    const { leaseMs, timeoutMs } = this.#place
    const patience = currentInstant().monotonic + leaseMs + timeoutMs
    for (;;) {
      this.#signal.throwIfAborted()
      this.#mustLook = false
      const sentAt = currentInstant()
      try {
        // Where the place has expired, or the engine has lost it, this waiter begins again at the end.
        const standing =
          last.state === 'waiting'
            ? await this.#place.poll(this.#request)
            : await this.#place.ask(this.#request, 'wait', this.#signal)
        return [standing, sentAt]
      } catch (error) {
        this.#signal.throwIfAborted()
        if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
        if (currentInstant().monotonic > patience) throw error
        await this.#rest(MIN_POLL_MS * 5)
      }
    }
  }

  /** Without the channel the wait goes on by looking, and the next round tries again. */
  async #listen(): Promise<boolean> {
    try {
      await this.#place.listen(this.#signal)
      return true
    } catch (error) {
      this.#signal.throwIfAborted()
      if (!isCliOpsError(error)) throw error
      await this.#rest(MIN_POLL_MS * 5)
      return false
    }
  }

  async #sleep(ahead: number, holderEndsInMs: number): Promise<void> {
    const renewal = this.#place.leaseMs / 3
    // Only the next one looks at the end of the holder's lease: it lets the others in.
    const untilMs = ahead === 0 ? Math.min(renewal, holderEndsInMs + AFTER_END_MS) : renewal
    await this.#rest(Math.max(MIN_POLL_MS, untilMs))
  }

  /** Waits for a message, or for the time to pass. The timer keeps the process alive: somebody waits for the lock. */
  #rest(ms: number): Promise<void> {
    if (this.#mustLook || this.#grantedToken !== undefined || this.#signal.aborted)
      return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wake = wake
    })
  }

  #tell(info: LockInfo | null): void {
    const { onWait } = this.#wait
    if (info === null || onWait === undefined || info.id === this.#toldOf) return
    this.#toldOf = info.id
    onWait(info)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
