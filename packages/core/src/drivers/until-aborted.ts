import { onAbort } from '../rpc/on-abort.js'

/**
 * Waits for work, but no longer than until the signal is aborted, with whose reason it then rejects. The work itself goes on:
 * what becomes of its result is the caller's to say.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error)
    }
    if (signal.aborted) {
      work.catch(() => undefined)
      abort()
      return
    }
    const stopListening = onAbort(signal, abort)
    work.then(resolve, reject).finally(stopListening)
  })
}
