import { describe } from '../base/names/assert-name.js'
import type { LockOptions } from './contract/lock-types.js'
import { assertTimeoutMs } from './lock-wait.js'
import { assertSlots } from './slots/slot-set.js'
import { assertSignal } from '../base/validation/assert-signal.js'

/** A longer label does not fit next to an owner. */
const MAX_LABEL = 200

/** Throws a `TypeError` unless the value is a valid label. */
export function assertLabel(argument: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && value !== '' && value.length <= MAX_LABEL) return
  throw new TypeError(`${argument} must be 1 to ${MAX_LABEL} characters, got ${describe(value)}`)
}

/** Validates the options of an acquisition. Throws a `TypeError` that names the option, the rule and the value. */
export function assertLockOptions(options: LockOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`options must be an object, got ${describe(options)}`)
  }
  const { timeoutMs, signal, mode, onWait, inFlow, ownerPid, partnerPid, label, slots, queue } =
    options
  if (timeoutMs !== undefined) assertTimeoutMs('timeoutMs', timeoutMs)
  assertSignal(signal)
  if (mode !== undefined && mode !== 'exclusive' && mode !== 'shared') {
    throw new TypeError(`mode must be 'exclusive' or 'shared', got ${describe(mode)}`)
  }
  if (slots !== undefined) {
    assertSlots('slots', slots)
    if (mode === 'shared') throw new TypeError("mode must be 'exclusive' with slots, got 'shared'")
  }
  if (queue !== undefined && queue !== 'all' && queue !== 'latest') {
    throw new TypeError(`queue must be 'all' or 'latest', got ${describe(queue)}`)
  }
  if (inFlow !== undefined && typeof inFlow !== 'boolean') {
    throw new TypeError(`inFlow must be true or false, got ${describe(inFlow)}`)
  }
  for (const [argument, pid] of Object.entries({ ownerPid, partnerPid })) {
    if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0)) {
      throw new TypeError(`${argument} must be the pid of a running process, got ${describe(pid)}`)
    }
  }
  if (partnerPid !== undefined && ownerPid === undefined) {
    throw new TypeError('partnerPid must be given together with ownerPid')
  }
  if (label !== undefined) assertLabel('label', label)
  if (onWait !== undefined && typeof onWait !== 'function') {
    throw new TypeError(`onWait must be a function, got ${describe(onWait)}`)
  }
}
