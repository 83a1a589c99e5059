import { monotonicMs } from '../base/process/monotonic-time.js'
import type { CommandLockFacts } from '../events/standard-events.js'
import type { Lock } from '../locks/contract/lock-types.js'
import type { OpenCommand } from '../registry/contract/registry-driver.js'
import type { CommandRule, LockRule } from './options/cli-ops-options.js'

/** What the last event of a command says of its lock: nothing more has to be written for a history of locks. */
export class LockNote {
  readonly #rule: LockRule
  readonly #askedAt = monotonicMs()
  #lock: Lock | undefined
  #heldAt = 0
  #endedAt: number | undefined
  #code: string | undefined

  constructor(rule: LockRule) {
    this.#rule = rule
  }

  /** The lock was granted. */
  hold(lock: Lock): void {
    this.#lock = lock
    this.#heldAt = monotonicMs()
  }

  /** There is no lock, for a reason that the command's own end does not tell. */
  refuse(error: Error & { readonly code?: string }): void {
    this.#code = error.code
  }

  /** The lock was given back before the command is told as ended. */
  end(): void {
    this.#endedAt ??= monotonicMs()
  }

  facts(): CommandLockFacts {
    const { resource, label } = this.#rule
    const lock = this.#lock
    const now = monotonicMs()
    // Waiting came to its end with the command that was refused.
    const waitedMs = Math.round((lock === undefined ? now : this.#heldAt) - this.#askedAt)
    if (lock === undefined) return { resource, label, waitedMs, code: this.#code }
    const heldMs = Math.round((this.#endedAt ?? now) - this.#heldAt)
    return { resource, id: lock.id, label, slot: lock.slot, waitedMs, heldMs }
  }
}

/** What others store of the lock where the process is killed. A rule that is a function is asked later. */
export function openLock(rule: CommandRule['lock']): OpenCommand['lock'] {
  if (typeof rule === 'string') return { resource: rule }
  return typeof rule === 'object' ? { resource: rule.resource, label: rule.label } : undefined
}
