/**
 * Calls `listener` once when the signal is aborted, immediately if it already is; returns a function that stops. Call that function
 * when the wait is over, however it ended: a signal can live as long as the process.
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
