import { onAbort } from './abort-signal.js'
import { type Clock, type ClockTimer, systemClock } from './clock.js'

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
  return race(work, signal, timeoutMs, () => {
    throw late()
  })
}

/**
 * Waits for work, but no longer than until the signal is aborted, with whose reason it then rejects. The work itself goes on:
 * what becomes of its result is the caller's to say.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  // Nobody awaits it where the signal is aborted already.
  work.catch(() => undefined)
  return race(() => work, signal)
}

/** Waits for work, or for a time: `'late'` where the work takes longer, which then goes on unwatched. */
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
