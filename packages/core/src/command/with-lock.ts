import { describe } from '../base/names/assert-name.js'
import { disabledCli } from '../coordinator/disabled-cli.js'
import { isOn } from '../base/process/environment.js'
import { describeOwnProcess, ownProcess } from '../base/process/own-process.js'
import { checkLockRule } from './check-options.js'
import { packageBinOf } from './host/cli-name.js'
import type { LockRule } from './options/cli-ops-options.js'
import { type CommandLock, isRefusal, type Taken, takeLock } from './command-lock.js'
import { currentSession } from './current-session.js'
import { loadParts } from './lazy.js'
import { loadRefusal } from './load-refusal.js'
import { LockNote } from './lock-note.js'
import { isPromiseLike } from '../base/wait/promise-like.js'
import type { Refusal, RefusalReport } from './refusal.js'
import { tellSlot } from './tell-slot.js'
import { releaseLock } from './release-lock.js'

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
  const session = currentSession()
  const { disabled, ...place } = (session ?? disabledCli())?.connection ?? {}
  if (disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return handler.run()
  if (session === undefined) nameAfterPackage()
  // A value that is not a rule is refused like a wrong one.
  const wanted = typeof rule === 'object' ? rule : { resource: rule }
  const note = new LockNote(wanted)
  const hold = (lock: Taken): T => {
    // A lock that the flow already holds is reported by its taker.
    if (lock !== undefined) session?.current?.tell(note)
    if (!isRefusal(lock)) session?.letIn()
    return holdDuring(lock, handler, note)
  }
  session?.holdBack()
  const taken =
    handler.isAwaited === true ? takeLock(place, wanted) : takeInManner(handler, place, wanted)
  return isPromiseLike(taken) ? (taken.then(hold) as T) : hold(taken)
}

/** Without a plugin, the CLI has no given name. */
function nameAfterPackage(): void {
  if (ownProcess().isNamed === true) return
  const bin = packageBinOf(process.argv[1])
  if (bin?.isEntry === true) describeOwnProcess({ name: bin.name })
}

/** Blocks or awaits as the host does, which is determined only if the lock is busy. */
function takeInManner(
  { handler }: LockedHandler<unknown>,
  place: Parameters<typeof takeLock>[0],
  rule: LockRule,
): Taken | Promise<Taken> {
  // Any other function's caller might want the result immediately, even in a host that awaits its parse.
  const awaits = (): boolean => isAsync(handler) && loadParts().hostManner() !== 'goes on'
  return takeLock(place, rule, () => !awaits() && !loadParts().isHeldHere(place, rule))
}

function isAsync(handler: unknown): boolean {
  return Object.prototype.toString.call(handler) === '[object AsyncFunction]'
}

function holdDuring<T>(taken: Taken, handler: LockedHandler<T>, note: LockNote): T {
  if (taken === undefined) return handler.run()
  if (!isRefusal(taken)) return runUnder(taken, handler, note)
  if (taken.reason === 'skipped') note.refuse(taken.error)
  refuse(taken, handler)
  // A skipped handler returns nothing, in a host that stays alive.
  return undefined as T
}

function runUnder<T>(lock: CommandLock, { run }: LockedHandler<T>, note: LockNote): T {
  tellSlot(lock)
  note.hold(lock)
  const release = (): void | Promise<void> => {
    note.end()
    return releaseLock(lock)
  }
  let result: T
  let hasThrown = true
  try {
    result = lock.run(run)
    hasThrown = false
  } finally {
    // Not with a catch block: Node shows the line of the last throw.
    if (hasThrown) {
      lock.ended?.(1)
      void release()
    }
  }
  if (isPromiseLike(result)) {
    const settled = Promise.resolve(result)
    settled.catch(() => lock.ended?.(1))
    return settled.finally(release) as T
  }
  void release()
  return result
}

function refuse(refusal: Refusal, report: RefusalReport): void {
  const session = currentSession()
  session?.noteRefusal(refusal)
  if (session?.current?.host.livesOn !== true) loadRefusal().endRefused(refusal, report)
  if (refusal.reason === 'refused') throw refusal.error
}
