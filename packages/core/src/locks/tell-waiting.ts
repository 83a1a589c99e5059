import type { LockInfo, LockOptions } from './contract/lock-types.js'

/** Calls an `onWait`, and hands on what it throws or rejects with: that ends its own wait, and not the process. */
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
