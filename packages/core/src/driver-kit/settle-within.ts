/** What bounds a call. */
export interface CallLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Makes the error for a call that took longer. */
  readonly late: () => Error
}

/**
 * Runs work that is bounded by a time and by a signal, with whose reason it then rejects. The work itself goes on; what becomes of
 * its result is its own to say. Keeps the process alive meanwhile.
 */
export function settleWithin<T>(
  { timeoutMs, signal, late }: CallLimits,
  work: () => T | Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error)
      return
    }
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        done(value)
      }
    const fail = settle(reject)
    const abort = (): void => {
      fail(signal?.reason)
    }
    const timer = setTimeout(() => {
      fail(late())
    }, timeoutMs)
    signal?.addEventListener('abort', abort, { once: true })
    Promise.resolve(work()).then(settle(resolve), fail)
  })
}
