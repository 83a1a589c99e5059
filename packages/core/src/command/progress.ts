import { onThrow } from '../base/errors/on-throw.js'
import { isPromiseLike } from '../base/wait/promise-like.js'

/** How far a command has come. Plain data, so that a command can change hands while its action runs. */
export interface Progress {
  /** `over` once the action has returned or settled: only the exit code can still change. */
  state: 'running' | 'over' | 'finished'
  result: unknown
  failed: boolean
  error: unknown
}

/** The progress of a command that has just begun. */
export function beginProgress(): Progress {
  return { state: 'running', result: undefined, failed: false, error: undefined }
}

/** Receives how an action ended. */
export interface ActionObserver {
  /** It returned something that is not a promise. */
  returned(result: unknown): void
  /** Its promise was fulfilled. */
  settled(result: unknown): void
  failed(error?: unknown): void
}

/** Runs an action and returns its result unchanged, except that a promise is passed on once the observer knows how it settled. */
export function observeAction<T>(action: () => T, observer: ActionObserver): T {
  const result = onThrow(action, () => {
    observer.failed()
  })
  if (!isPromiseLike(result)) {
    observer.returned(result)
    return result
  }
  const settled = result.then(
    (value: unknown) => {
      observer.settled(value)
      return value
    },
    (error: unknown) => {
      observer.failed(error)
      throw error
    },
  )
  return settled as T
}
