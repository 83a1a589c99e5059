import { describe } from '../base/names/assert-name.js'
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

/** How a handler is called. */
export interface LockedHandler<T> extends RefusalReport {
  readonly run: () => T
  /** What was wrapped: what is declared as `async` is awaited by whoever calls it. */
  readonly handler?: unknown
  /** True where the caller is known to await what it is given. */
  readonly isAwaited?: boolean
}

/** Throws a `TypeError` unless `rule` is a lock's and `handler` can be run under it. */
export function checkWithLock(rule: unknown, handler: unknown): void {
  checkLockRule('lock', rule)
  if (typeof handler !== 'function')
    throw new TypeError(`withLock must be given a function to run, got ${describe(handler)}`)
}

/**
 * Runs a handler under a lock, and gives its result as it is: where the caller goes on at once, a busy lock is waited for by
 * blocking. The lock is released when the handler has returned or its promise has settled; within a command or a handler that holds
 * it already, it passes. Where it cannot be had, the process ends, or in a host that lives on the error is thrown. Used outside
 * a CLI with the plugin, it locks in the default home.
 *
 * A promise stands for the result of a synchronous handler only where another flow of this very process holds the lock, which a
 * blocked thread would never let go.
 */
export function runWithLock<T>(rule: string | LockRule, handler: LockedHandler<T>): T {
  const session = currentSession()
  const { disabled, ...place } = session?.connection ?? {}
  if (disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return handler.run()
  if (session === undefined) nameAfterPackage()
  const wanted = typeof rule === 'string' ? { resource: rule } : rule
  const note = new LockNote(wanted)
  const hold = (lock: Taken): T => {
    // What the flow holds already is told by whoever took it.
    if (lock !== undefined) session?.current?.tell(note)
    return holdDuring(lock, handler, note)
  }
  const taken =
    handler.isAwaited === true ? takeLock(place, wanted) : takeInManner(handler, place, wanted)
  return isPromiseLike(taken) ? (taken.then(hold) as T) : hold(taken)
}

/** Without a plugin nobody has said what the CLI is called. */
function nameAfterPackage(): void {
  if (ownProcess().isNamed === true) return
  const bin = packageBinOf(process.argv[1])
  if (bin?.isEntry === true) describeOwnProcess({ name: bin.name })
}

/** Blocks or awaits as the host does, which is looked at only where the lock is busy. */
function takeInManner(
  { handler }: LockedHandler<unknown>,
  place: Parameters<typeof takeLock>[0],
  rule: LockRule,
): Taken | Promise<Taken> {
  // Of any other function the caller may want the result at once, also in a host that awaits its parse.
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
  // A skipped handler gives nothing, in a host that lives on.
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
    // Not by catching, since Node shows the line of the last throw.
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
