// As they are when this is loaded, and not the globals, which the fake timers of test runners replace: nothing would go on until a
// test turned them.
import { clearImmediate, setImmediate } from 'node:timers'

// An import of node:process would read all of its members: stdin and stdout are opened by that, and no longer block for a child.
const nextTick = process.nextTick.bind(process)

/** Calls back in the next turn of the event loop; returns what takes it back. */
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

/** Calls back when the code that runs, and what was called back before, has come to its end. */
export function afterThis(callback: () => void): void {
  void Promise.resolve().then(callback)
}

/** Calls back when also all promises that have settled by then were gone on with. */
export function afterPromises(callback: () => void): void {
  nextTick(callback)
}
