import { isPromiseLike } from '../wait/promise-like.js'

/** Calls a function that is not the kit's own, and passes on what it throws, or rejects with later. */
export function callSafely(callback: () => unknown, onFailure: (error: unknown) => void): void {
  try {
    const result = callback()
    if (isPromiseLike(result)) Promise.resolve(result).catch(onFailure)
  } catch (error) {
    onFailure(error)
  }
}
