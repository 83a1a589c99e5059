import { loadParts } from './lazy.js'
import type * as Parts from './parts.js'

/** What the release of a command's lock needs to know about it. */
export interface ReleasableLock {
  readonly resource: string
  readonly id: string
  /** After the release: whether the lock had already been taken away. */
  readonly wasGone: boolean
  releaseSync(): void
  release(): Promise<void>
}

/**
 * Releases a lock, synchronously if the driver can. A failure is only a warning: the work is done, and the end of the
 * process releases the rest. If the lock has been lost, it reports who took it.
 */
export function releaseLock(lock: ReleasableLock): void | Promise<void> {
  try {
    lock.releaseSync()
  } catch (error) {
    return unlessUnloadable((parts) => parts.releaseLater(lock, error))
  }
  if (lock.wasGone) unlessUnloadable((parts) => parts.tellLoss(lock))
}

/** A program that has replaced `fs` (mock-fs, memfs) can keep a file from loading, and must not fail by it. */
function unlessUnloadable<T>(tell: (parts: typeof Parts) => T): T | undefined {
  let parts: typeof Parts
  try {
    parts = loadParts()
  } catch {
    return undefined
  }
  return tell(parts)
}
