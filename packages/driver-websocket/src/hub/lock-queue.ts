import {
  clearTimeout,
  type LockDriver,
  type LockGrant,
  type LockInfo,
  type LockRequest,
  type LockWait,
  type LockWaiter,
  setTimeout,
} from '@cli-ops/shared-ipc/driver'

/**
 * How many waiters are in the store's queue: the second is already there when the first gets the lock, so no later
 * waiter passes it.
 */
const IN_STORE = 2
/** The waiters behind learn of a new holder no more often than this. */
const TELL_EVERY_MS = 1_000

interface Waiting extends LockWait {
  readonly request: LockRequest & { readonly arrival: bigint }
  readonly since: Date
  readonly resolve: (grant: Promise<LockGrant>) => void
}

/**
 * Waiters of one lock in order of arrival. All but the first two wait here and cost nothing. The store, where each
 * waiter watches and checks for itself, sees those two, at the positions that their arrival times give them among all
 * waiters there.
 */
export class LockQueue {
  readonly #locks: LockDriver
  readonly #waiting: Waiting[] = []
  /** Arrival times of the waiters that are in the store's queue, or are just entering it. */
  readonly #inStore = new Set<bigint>()
  #info: LockInfo | undefined
  #telling: NodeJS.Timeout | undefined

  constructor(locks: LockDriver) {
    this.#locks = locks
  }

  get isIdle(): boolean {
    return this.#inStore.size === 0 && this.#waiting.length === 0
  }

  /** The waiters that are not in the store's queue, next first. */
  get waiting(): LockWaiter[] {
    return this.#waiting.flatMap(({ request: { owner, label }, since }) =>
      owner === undefined ? [] : [{ owner, since, ...(label !== undefined && { label }) }],
    )
  }

  /** Waits for the lock. Rejects as the store does, or with the signal's reason. */
  acquire(request: Waiting['request'], { signal, onWait }: LockWait): Promise<LockGrant> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { request, signal, onWait, since: new Date(), resolve }
      const leave = (): void => {
        const index = this.#waiting.indexOf(waiting)
        if (index === -1) return
        this.#waiting.splice(index, 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#insert(waiting)
      this.#fill()
      // It is not the next one, so tell it the holder as known here.
      if (this.#info !== undefined && this.#waiting.includes(waiting)) onWait?.(this.#info)
    })
  }

  /** Almost always at the end; a waiter that was away for a moment gets its queue position back. */
  #insert(waiting: Waiting): void {
    let index = this.#waiting.length
    while (index > 0 && this.#arrivalAt(index - 1) > waiting.request.arrival) index -= 1
    this.#waiting.splice(index, 0, waiting)
  }

  #arrivalAt(index: number): bigint {
    return this.#waiting[index]?.request.arrival ?? 0n
  }

  #fill(): void {
    for (;;) {
      const [first] = this.#waiting
      if (first === undefined || !this.#mayEnter(first)) break
      const next = this.#waiting.shift()
      if (next === undefined) break
      next.resolve(this.#take(next))
    }
    if (this.isIdle) {
      this.#info = undefined
      clearTimeout(this.#telling)
      this.#telling = undefined
    }
  }

  /** A returning waiter that arrived before a waiter in the store must enter the store's queue to go before it. */
  #mayEnter({ request: { arrival } }: Waiting): boolean {
    if (this.#inStore.size < IN_STORE) return true
    for (const other of this.#inStore) if (arrival < other) return true
    return false
  }

  async #take({ request, signal, onWait }: Waiting): Promise<LockGrant> {
    const { arrival } = request
    this.#inStore.add(arrival)
    try {
      return await this.#locks.acquire(request, {
        signal,
        onWait: (info) => {
          this.#info = info
          onWait?.(info)
          this.#tellOthers()
        },
      })
    } finally {
      this.#inStore.delete(arrival)
      this.#fill()
    }
  }

  #tellOthers(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      const info = this.#info
      if (info !== undefined) for (const { onWait } of this.#waiting) onWait?.(info)
    }, TELL_EVERY_MS).unref()
  }
}
