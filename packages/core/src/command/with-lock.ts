import { describe } from '../base/names/assert-name.js'
import { checkLockRule } from './check-options.js'
import { coordination } from './coordination.js'
import { loadFullLifecycle } from './lazy.js'
import { loadOrRefuse } from './load-or-refuse.js'
import type { LockRule } from './options/cli-ops-options.js'
import type { RefusalReport } from './refusal.js'
import { runUnder } from './run-under.js'

/** How to call a handler. */
export interface LockedHandler<T> extends RefusalReport {
  readonly run: () => T
  /** The wrapped function: callers await a function declared `async`. */
  readonly handler?: unknown
  /** True if the caller is known to await the result. */
  readonly isAwaited?: boolean
}

/** Throws a `TypeError` unless `rule` is a lock rule and `handler` can run under it. */
export function checkWithLock(rule: unknown, handler: unknown): void {
  checkLockRule('lock', rule)
  if (typeof handler !== 'function')
    throw new TypeError(`withLock must be given a function to run, got ${describe(handler)}`)
}

/**
 * Runs a handler under a lock, and returns its result unchanged. If the caller continues immediately, it blocks for a busy lock.
 * The lock is released when the handler has returned or its promise has settled; a command or handler around it that holds the lock
 * already passes it on. If the lock can't be acquired, the process ends; in a host that stays alive, the error is thrown. Outside a
 * CLI with the plugin, it locks in the default home.
 *
 * A synchronous handler returns a promise only if another flow of this process holds the lock, which a blocked thread would
 * keep from releasing it.
 */
export function runWithLock<T>(rule: string | LockRule, handler: LockedHandler<T>): T {
  const wanted = typeof rule === 'object' ? rule : { resource: rule }
  const taken = coordination().usual?.takeWithin(wanted)
  if (taken !== undefined) return runUnder(taken.lock, handler.run, taken.note)
  const full = loadOrRefuse(loadFullLifecycle, { needsLock: true })
  return full === undefined ? handler.run() : full.runWithAnyLock(rule, handler)
}
