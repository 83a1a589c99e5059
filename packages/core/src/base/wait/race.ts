import { onAbort } from './abort-signal.js'
import { type Clock, type ClockTimer, systemClock } from './clock.js'

/** The limits of a call. */
export interface CallLimits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Creates the error for a call that took longer. */
  readonly late: () => Error
}

/**
 * Runs work within a time limit and until a signal is aborted, with whose reason it then rejects. The work itself continues and must
 * deal with its own result. Keeps the process alive meanwhile.
 */
export function settleWithin<T>(
  { timeoutMs, signal, late }: CallLimits,
  work: () => T | Promise<T>,
): Promise<T> {
  return race(work, signal, timeoutMs, () => {
    throw late()
  })
}

/**
 * Waits for work until the signal is aborted, with whose reason it then rejects. The work itself continues; the caller decides about
 * its result.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  // Nothing awaits it if the signal is already aborted.
  work.catch(() => undefined)
  return race(() => work, signal)
}

/** Waits for work up to a time limit: `'late'` if the work takes longer; it then continues unobserved. */
export function withinTime<T>(
  work: PromiseLike<T>,
  limitMs: number | undefined,
  clock: Clock = systemClock,
): Promise<T | 'late'> {
  return race<T | 'late'>(
    () => work,
    undefined,
    limitMs,
    () => 'late',
    clock,
  )
}

function race<T>(
  work: () => T | PromiseLike<T>,
  signal: AbortSignal | undefined,
  timeoutMs?: number,
  late?: () => T,
  clock: Clock = systemClock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error)
      return
    }
    let timer: ClockTimer | undefined
    const end = (): void => {
      timer?.stop()
      stopListening()
    }
    if (timeoutMs !== undefined && late !== undefined)
      timer = clock.startTimer(timeoutMs, () => {
        end()
        resolve(new Promise((settle) => settle(late())))
      })
    const stopListening = onAbort(signal, () => {
      end()
      reject(signal?.reason as Error)
    })
    const working = new Promise<T>((settle) => settle(work()))
    working.finally(end).then(resolve, reject)
  })
}
