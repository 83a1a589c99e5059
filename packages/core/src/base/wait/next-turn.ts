import { clearImmediate, setImmediate } from './own-timers.js'

// Importing node:process would read all of its members: that opens stdin and stdout, which then no longer block for a child.
const nextTick = process.nextTick.bind(process)

/** Calls back in the next turn of the event loop; returns a function that cancels it. */
export function inNextTurn(callback: () => void): () => void {
  const immediate = setImmediate(callback)
  return () => {
    clearImmediate(immediate)
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Calls back after the running code and earlier callbacks. */
export function afterThis(callback: () => void): void {
  void Promise.resolve().then(callback)
}

/** Calls back after the continuations of all promises settled by then. */
export function afterPromises(callback: () => void): void {
  nextTick(callback)
}
