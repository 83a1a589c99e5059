import { isPromiseLike } from '../wait/promise-like.js'

/** Calls a function that is not the kit's own, and passes on what it throws, or rejects with later. */
export function callSafely(callback: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = callback()
    if (isPromiseLike(result)) void settle(result, onFailure)
  } catch (error) {
    onFailure(error)
  }
}

// Only `await` takes a promise whose methods somebody has replaced.
async function settle(result: unknown, onFailure: (error: unknown) => void): Promise<void> {
  try {
    await result
  } catch (error) {
    onFailure(error)
  }
}
