/**
 * Calls `listener` once when the signal is aborted, at once where it is already; returns a function that stops. Whoever waits
 * calls that when the wait is over, however it ended: a signal may live as long as the process.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined
  if (signal.aborted) {
    listener()
    return () => undefined
  }
  signal.addEventListener('abort', listener, { once: true })
  return () => {
    signal.removeEventListener('abort', listener)
  }
}

/**
 * Waits until `begin` calls `done`; rejects with the signal's reason where that is aborted first, and does not begin where it is
 * already. The function that `begin` returns gives back what the wait has taken, however it ends.
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
    // `done` was called by `begin` itself.
    if (isOver) giveBack()
  })
}
