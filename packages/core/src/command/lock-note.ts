import { monotonicMs } from '../base/process/monotonic-time.js'
import type { CommandLockFacts } from '../events/standard-events.js'
import type { Lock } from '../locks/contract/lock-types.js'
import type { OpenCommand } from '../registry/contract/registry-driver.js'
import type { CommandRule, LockRule } from './options/cli-ops-options.js'

/** What a command's last event says about its lock. The lock history needs nothing more. */
export class LockNote {
  readonly #rule: LockRule
  readonly #askedAt = monotonicMs()
  #lock: Pick<Lock, 'id' | 'slot'> | undefined
  #heldAt = 0
  #endedAt: number | undefined
  #code: string | undefined

  constructor(rule: LockRule) {
    this.#rule = rule
  }

  /** Notes that the lock was granted. */
  hold(lock: Pick<Lock, 'id' | 'slot'>): void {
    this.#lock = lock
    this.#heldAt = monotonicMs()
  }

  /** Notes why there is no lock, if the command's own end does not say so. */
  refuse(error: Error & { readonly code?: string }): void {
    this.#code = error.code
  }

  /** Notes that the lock was released before the command is reported as ended. */
  end(): void {
    this.#endedAt ??= monotonicMs()
  }

  facts(): CommandLockFacts {
    const { resource, label } = this.#rule
    const lock = this.#lock
    const now = monotonicMs()
    // A refused command waited until its end.
    const waitedMs = Math.round((lock === undefined ? now : this.#heldAt) - this.#askedAt)
    if (lock === undefined) return { resource, label, waitedMs, code: this.#code }
    const heldMs = Math.round((this.#endedAt ?? now) - this.#heldAt)
    return { resource, id: lock.id, label, slot: lock.slot, waitedMs, heldMs }
  }
}

/** What others store about the lock if the process is killed. A rule that is a function is called later. */
export function openLock(rule: CommandRule['lock']): OpenCommand['lock'] {
  if (typeof rule === 'string') return { resource: rule }
  return typeof rule === 'object' ? { resource: rule.resource, label: rule.label } : undefined
}
