import type {
  LockDriver,
  LockGrant,
  LockInfo,
  LockRequest,
  LockWait,
  LockWaiter,
} from '@cli-ops/shared-ipc/driver'

/** Waiters that stand in the queue of the store: the second is there when the first has the lock, so that nobody who came later passes. */
const IN_STORE = 2
/** Those who wait behind are told that somebody else has the lock no more often than this. */
const TELL_EVERY_MS = 1_000

interface Waiting extends LockWait {
  readonly request: LockRequest & { readonly arrival: bigint }
  readonly since: Date
  readonly resolve: (grant: Promise<LockGrant>) => void
}

/**
 * Waiters of one lock in the order of arrival. All but the first two wait here and cost nothing; the store, where each waiter watches
 * and looks for itself, sees two of them, at the places that their arrival gives them among everybody who waits there.
 */
export class LockQueue {
  readonly #locks: LockDriver
  readonly #waiting: Waiting[] = []
  /** Arrivals of those who stand in the queue of the store, or have just been let in there. */
  readonly #inStore = new Set<bigint>()
  #info: LockInfo | undefined
  #telling: NodeJS.Timeout | undefined

  constructor(locks: LockDriver) {
    this.#locks = locks
  }

  get isIdle(): boolean {
    return this.#inStore.size === 0 && this.#waiting.length === 0
  }

  /** Those who are not in the queue of the store, next first. */
  get waiting(): LockWaiter[] {
    return this.#waiting.flatMap(({ request: { owner, label }, since }) =>
      owner === undefined ? [] : [{ owner, since, ...(label !== undefined && { label }) }],
    )
  }

  /** Waits for the lock. Rejects as the store does, or with the reason of the signal. */
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
      // Not the next one: whoever comes now is told who is in the way, as it is known here.
      if (this.#info !== undefined && this.#waiting.includes(waiting)) onWait?.(this.#info)
    })
  }

  /** Almost always at the end; one that was away for a moment has its place back. */
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

  /** One that is back, and came before one of those in the store, has to stand there to go before it. */
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
