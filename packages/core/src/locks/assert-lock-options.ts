import { describe } from '../names/assert-name.js'
import type { LockOptions } from './lock-types.js'
import { assertTimeoutMs } from './lock-wait.js'

/** Throws a `TypeError` that names the option, the rule and the value unless the options of an acquisition are right. */
export function assertLockOptions(options: LockOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, got ${describe(options)}`)
  }
  const { timeoutMs, signal, mode, onWait, inFlow, ownerPid } = options
  if (timeoutMs !== undefined) assertTimeoutMs('timeoutMs', timeoutMs)
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, got ${describe(signal)}`)
  }
  if (mode !== undefined && mode !== 'exclusive' && mode !== 'shared') {
    throw new TypeError(`mode must be 'exclusive' or 'shared', got ${describe(mode)}`)
  }
  if (inFlow !== undefined && typeof inFlow !== 'boolean') {
    throw new TypeError(`inFlow must be true or false, got ${describe(inFlow)}`)
  }
  if (ownerPid !== undefined && !(Number.isSafeInteger(ownerPid) && ownerPid > 0)) {
    throw new TypeError(`ownerPid must be the pid of a running process, got ${describe(ownerPid)}`)
  }
  if (onWait !== undefined && typeof onWait !== 'function') {
    throw new TypeError(`onWait must be a function, got ${describe(onWait)}`)
  }
}
