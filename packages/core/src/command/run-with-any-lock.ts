import { disabledCli } from '../coordinator/disabled-cli.js'
import { isOn } from '../base/process/environment.js'
import { describeOwnProcess, ownProcess } from '../base/process/own-process.js'
import { packageBinOf } from './host/cli-name.js'
import type { LockRule } from './options/cli-ops-options.js'
import { isRefusal, type Taken, takeLock } from './command-lock.js'
import { currentSession } from './running-session.js'
import { loadParts } from './lazy.js'
import { loadRefusal } from './load-refusal.js'
import { LockNote } from './lock-note.js'
import { isPromiseLike } from '../base/wait/promise-like.js'
import type { Refusal, RefusalReport } from './refusal.js'
import { runUnder } from './run-under.js'
import type { LockedHandler } from './with-lock.js'

/** {@link runWithLock} in any case that is not the usual one. */
export function runWithAnyLock<T>(rule: string | LockRule, handler: LockedHandler<T>): T {
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
  if (!isRefusal(taken)) return runUnder(taken, handler.run, note)
  if (taken.reason === 'skipped') note.refuse(taken.error)
  refuse(taken, handler)
  // A skipped handler returns nothing, in a host that stays alive.
  return undefined as T
}

function refuse(refusal: Refusal, report: RefusalReport): void {
  const session = currentSession()
  session?.noteRefusal(refusal)
  if (session?.current?.host.livesOn !== true) loadRefusal().endRefused(refusal, report)
  if (refusal.reason === 'refused') throw refusal.error
}
