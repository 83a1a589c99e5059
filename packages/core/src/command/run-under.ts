import { onThrow } from '../base/errors/on-throw.js'
import { isPromiseLike } from '../base/wait/promise-like.js'
import { type FlowLock, runHolding } from '../locks/lock-flow.js'
import type { LockNote } from './lock-note.js'
import { type ReleasableLock, releaseLock } from './release-lock.js'
import { tellSlot } from './tell-slot.js'

/** A lock that a handler runs under. */
interface LockOfHandler extends FlowLock, ReleasableLock {
  /** Tells those who joined the run how it ended. */
  ended?(exitCode: number): void
}

/** Runs a handler under a lock, and releases the lock when the handler has returned or its promise has settled. */
export function runUnder<T>(lock: LockOfHandler, run: () => T, note: LockNote): T {
  tellSlot(lock)
  note.hold(lock)
  const release = (): void | Promise<void> => {
    note.end()
    return releaseLock(lock)
  }
  const failed = (): void => {
    lock.ended?.(1)
    void release()
  }
  const result = onThrow(() => runHolding(lock, run), failed)
  if (isPromiseLike(result)) {
    const settled = Promise.resolve(result)
    settled.catch(() => lock.ended?.(1))
    return settled.finally(release) as T
  }
  void release()
  return result
}
