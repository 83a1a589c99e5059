import { callSafely } from '../base/errors/call-safely.js'
import type { LockInfo, LockOptions } from './contract/lock-types.js'

/** Calls an `onWait` and passes on what it throws or rejects with: an error ends only its own wait, not the process. */
export function tellWaiting(
  onWait: LockOptions['onWait'],
  info: LockInfo,
  fail: (error: unknown) => void,
): void {
  callSafely(
    () => onWait?.(info),
    // An abort without a reason would be shown as the caller's own.
    (error) => fail(error === undefined ? new Error('onWait threw undefined') : error),
  )
}
