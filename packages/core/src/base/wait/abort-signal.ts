import { afterPromises } from './next-turn.js'
import { clearTimeout, setTimeout } from './own-timers.js'

/** The listeners of one signal. */
class AbortListeners {
  readonly #signal: AbortSignal
  readonly #calls = new Set<() => void>()
  /** A function, since not every polyfill of AbortSignal calls the handleEvent() of an object. */
  readonly #onAbort = (): void => {
    for (const call of this.#calls) {
      try {
        call()
      } catch (error) {
        // As an EventTarget does it: the other listeners are called all the same.
        afterPromises(() => {
          throw error
        })
      }
    }
  }

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  add(listener: () => void): () => void {
    // Unique, although one listener can be added several times.
    const call = (): void => listener()
    this.#calls.add(call)
    return () => {
      if (!this.#calls.delete(call) || this.#calls.size > 0) return
      this.#signal.removeEventListener('abort', this.#onAbort)
      listenersOf.delete(this.#signal)
    }
  }
}

const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

/**
 * Calls `listener` once when the signal is aborted, immediately if it already is; returns a function that stops. Call that function
 * when the wait is over, however it ended: a signal can live as long as the process.
 *
 * A signal gets one listener for all calls: a program passes one signal to everything that it does, and Node warns on stderr about a
 * leak above ten.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined
  if (signal.aborted) {
    listener()
    return () => undefined
  }
  let listeners = listenersOf.get(signal)
  if (listeners === undefined) {
    listeners = new AbortListeners(signal)
    listenersOf.set(signal, listeners)
  }
  return listeners.add(listener)
}

/** A signal that follows others. */
export interface FollowingSignal {
  readonly signal: AbortSignal
  /** Stops following. Call it when the signal is no longer needed: a followed signal can live as long as the process. */
  readonly stop: () => void
}

/**
 * Returns a signal that is aborted with the first of the given ones. `AbortSignal.any()` refuses signals that another implementation
 * made: jsdom replaces the global one, and some polyfills have no `any()`.
 */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): FollowingSignal {
  const any = new AbortController()
  const stops = signals.map((signal) =>
    onAbort(signal, () => {
      any.abort(signal?.reason)
    }),
  )
  return {
    signal: any.signal,
    stop() {
      for (const stop of stops) stop()
    },
  }
}

/** A {@link FollowingSignal} that is also aborted after a time. */
export interface LimitedSignal extends FollowingSignal {
  /** Whether the time has passed. */
  isLate(): boolean
}

/** Returns a signal that is aborted with another one, or with a `TimeoutError` after `ms`. Keeps no process alive. */
export function limitedSignal(ms: number, signal: AbortSignal | undefined): LimitedSignal {
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError'))
  }, ms).unref()
  const any = anySignal(signal, late.signal)
  return {
    signal: any.signal,
    isLate: () => late.signal.aborted,
    stop() {
      clearTimeout(timer)
      any.stop()
    },
  }
}

/**
 * Waits until `begin` calls `done`. Rejects with the signal's reason if that is aborted first, without calling `begin` if it already
 * is. The function that `begin` returns cleans up after the wait, however it ends.
 */
export function waitUnlessAborted<T = void>(
  signal: AbortSignal | undefined,
  begin: (done: (value: T) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error)
      return
    }
    let isOver = false
    let giveBack = (): void => undefined
    const end = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      stopListening()
      giveBack()
      settle()
    }
    const stopListening = onAbort(signal, () => {
      end(() => {
        reject(signal?.reason as Error)
      })
    })
    giveBack = begin((value) => {
      end(() => {
        resolve(value)
      })
    })
    // `begin` itself called `done`.
    if (isOver) giveBack()
  })
}
