import type { LockInfo, LockOptions } from './contract/lock-types.js'

/** Calls an `onWait` and passes on what it throws or rejects with: an error ends only its own wait, not the process. */
export function tellWaiting(
  onWait: LockOptions['onWait'],
  info: LockInfo,
  fail: (error: unknown) => void,
): void {
  try {
    const told = onWait?.(info)
    if (told instanceof Promise) told.catch(fail)
  } catch (error) {
    fail(error)
  }
}
