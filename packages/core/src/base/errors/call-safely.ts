import { isPromiseLike } from '../wait/promise-like.js'

/** Calls a foreign function and passes on what it throws or later rejects with. */
export function callSafely(callback: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = callback()
    if (isPromiseLike(result)) void settle(result, onFailure)
  } catch (error) {
    onFailure(error)
  }
}

// Only `await` copes with a promise whose methods were replaced.
async function settle(result: unknown, onFailure: (error: unknown) => void): Promise<void> {
  try {
    await result
  } catch (error) {
    onFailure(error)
  }
}
