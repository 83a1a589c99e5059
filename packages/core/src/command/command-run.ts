import { debug } from '../base/terminal/message.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import type { OpenCommand } from '../registry/contract/registry-driver.js'
import { nextEventId } from '../events/contract/event-id.js'
import { errorText } from '../base/errors/error-text.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { isInstance } from '../base/errors/is-instance.js'
import { enterHolding, holdForProcess, runHolding } from '../locks/lock-flow.js'
import { toHeldLock } from '../locks/to-held-lock.js'
import { checkLockRule } from './check-options.js'
import { assertSameOptions } from './assert-same-options.js'
import type {
  CliOpsOptions,
  CommandContext,
  CommandRule,
  LockRule,
} from './options/cli-ops-options.js'
import type { CommandInProgress, Entry } from './command-in-progress.js'
import { type CommandLock, isRefusal, type Taken, takeLock, takeLockNow } from './command-lock.js'
import type { ProcessEnd } from './host/exit-observer.js'
import type { HostCommand } from './host/host-command.js'
import { realExitCode } from './host/real-exit-code.js'
import { loadParts } from './lazy.js'
import { loadRefusal } from './load-refusal.js'
import { LockNote, openLock } from './lock-note.js'
import { isPromiseLike } from '../base/wait/promise-like.js'
import { beginProgress, observeAction, type Progress } from './progress.js'
import type { Refusal } from './refusal.js'
import { tellSlot } from './tell-slot.js'
import { describeError } from './describe-error.js'
import { releaseLock } from './release-lock.js'
import type { Session } from './session.js'
import type { UsualRun } from './usual-run.js'

/** What the session knows about a command beforehand. */
export interface RunSettings {
  readonly options: CliOpsOptions
  readonly rule?: CommandRule | undefined
  /** Why no command of the program can run: its rules cannot be read, or cannot hold. */
  readonly fault?: Error | undefined
  /** True for a command within another one of this process. */
  readonly isInner: boolean
}

/** One command of the host, from its start to its final end. */
export class CommandRun implements CommandInProgress {
  readonly facts: { readonly cli: string; readonly command: string; readonly instance: string }
  readonly host: HostCommand
  readonly rule: CommandRule
  readonly #session: Session
  readonly #options: CliOpsOptions
  #fault: Error | undefined
  /** True for the command that the process was started for: everything that runs in the process belongs to it. */
  readonly #isProcess: boolean
  readonly #isTold: boolean
  readonly #startedAt: number
  /** The exit code of an earlier command, in a host that stays alive. */
  readonly #earlierExitCode: typeof process.exitCode
  /** The command as the registry shows it. */
  readonly open: OpenCommand
  #lock: CommandLock | undefined
  /** What the last event says about the lock. */
  #note: LockNote | undefined
  #endHold: (() => void) | undefined
  readonly #progress: Progress
  #emitted = false
  #entered: Entry | undefined
  /** While it waits for its lock. */
  #entering: Promise<Entry> | undefined
  #refusal: Error | undefined

  constructor(
    session: Session,
    host: HostCommand,
    { options, rule = {}, fault, isInner }: RunSettings,
    usual?: UsualRun,
  ) {
    this.#session = session
    this.host = host
    this.rule = rule
    this.#options = options
    this.#fault = fault
    this.#isTold = !isInner || host.livesOn
    this.#isProcess = host.isOwnCommandLine && !host.livesOn && !isInner
    this.#earlierExitCode = host.livesOn ? process.exitCode : undefined
    const { command } = host.context
    this.facts = { cli: session.name, command, instance: session.instance }
    this.#startedAt = usual?.startedAt ?? monotonicMs()
    this.#progress = usual?.progress ?? beginProgress()
    this.open = usual?.command.open ?? {
      command,
      startedAt: Date.now(),
      endId: nextEventId(),
      lock: openLock(rule.lock),
    }
    if (usual !== undefined) this.#takeOver(usual)
  }

  #takeOver({ command: { connection }, entered, lock, note, endHold }: UsualRun): void {
    this.#entered = entered
    if (lock !== undefined) this.#lock = toHeldLock(connection, lock, lock.grant)
    this.#note = note
    this.#endHold = endHold
  }

  get context(): CommandContext {
    return this.host.context
  }

  /** True once the action has returned or settled: only the exit code can still change. */
  get isOver(): boolean {
    return this.#progress.state !== 'running'
  }

  /** False for a repeated parse of the process's own command, which counts as the same command. */
  get isTold(): boolean {
    return this.#isTold
  }

  get failed(): boolean {
    return this.#progress.failed
  }

  /** The command's own exit code so far. */
  get exitCode(): number {
    if (this.failed) return 1
    const { exitCode } = process
    return exitCode === this.#earlierExitCode ? 0 : realExitCode(exitCode ?? 0)
  }

  get refusal(): Error | undefined {
    return this.#refusal
  }

  /** Continues a command that is parsed again, perhaps for a second plugin, whose rules would not hold. */
  goOn(options: CliOpsOptions): this {
    try {
      assertSameOptions(this.#options, options)
    } catch (error) {
      this.#fault = error as Error
      this.#entered = undefined
      this.#entering = undefined
    }
    return this
  }

  enterNow(): Entry {
    return this.#enter((rule) => takeLockNow(this.#session.connection, rule)) as Entry
  }

  enter(blocks?: () => boolean): Entry | Promise<Entry> {
    return this.#enter((rule) => takeLock(this.#session.connection, rule, blocks))
  }

  follow<T>(action: () => T): T {
    return this.within(() =>
      observeAction(action, {
        returned: (result) => {
          this.#progress.result = result
          this.#beOver()
        },
        settled: (result) => this.#settle(result),
        failed: (error) => {
          this.noteError(error)
          this.#settle(undefined)
        },
      }),
    )
  }

  within<T>(callback: () => T): T {
    return this.#isProcess || this.#lock === undefined
      ? callback()
      : runHolding(this.#lock, callback)
  }

  enterFlow(): void {
    if (!this.#isProcess && this.#lock !== undefined) enterHolding(this.#lock)
  }

  keepOpen(): () => void {
    if (this.#progress.state === 'over') this.#progress.state = 'running'
    return () => {
      if (this.#progress.state === 'running') this.#beOver()
    }
  }

  /** Makes the last event report a lock taken within the command, if its rule has none. */
  tell(note: LockNote): void {
    this.#note ??= note
  }

  noteError(error: unknown = this.#progress.error): void {
    this.#progress.failed = true
    this.#progress.error = error
  }

  /** Records the end: the rule's events if the command succeeded, then its lifecycle event, then the release. */
  finish(end: ProcessEnd, uncaught?: unknown): void {
    if (this.#progress.state === 'finished') return
    this.#progress.state = 'finished'
    const { exitCode } = end
    const hasRun = this.#entering === undefined || this.#entered !== undefined
    if (exitCode === 0 && hasRun && this.rule.emits !== undefined) this.#emitResult()
    this.#tellEnd(exitCode, uncaught)
    this.#lock?.ended?.(exitCode)
    this.#release()
  }

  #tellEnd(exitCode: number, uncaught: unknown): void {
    if (!this.isTold) return
    const error = exitCode === 0 ? undefined : describeError(this.#progress.error ?? uncaught)
    const data = {
      ...this.facts,
      exitCode,
      durationMs: this.#durationMs(),
      ...(error === undefined ? {} : { error }),
      lock: this.#note?.facts(),
    }
    const type = exitCode === 0 ? 'command:completed' : 'command:failed'
    this.#session.emitLifecycle(type, data, this.open)
  }

  #enter(take: (rule: LockRule) => Taken | Promise<Taken>): Entry | Promise<Entry> {
    const entered = this.#entered ?? this.#entering
    if (entered !== undefined) return entered
    let taken: Taken | Promise<Taken>
    try {
      if (this.#fault !== undefined) throw this.#fault
      const rule = this.#lockRule()
      debug(() => describeRule(this.context.command, rule))
      if (rule !== undefined) this.#note = new LockNote(rule)
      taken = rule === undefined ? undefined : take(rule)
    } catch (error) {
      taken = loadRefusal().refusalOf(error)
    }
    if (!isPromiseLike(taken)) return this.#proceed(taken)
    if (!this.host.livesOn)
      loadParts().refuseIfLeft(this.context.command, (refusal) => this.#refuse(refusal))
    return (this.#entering = taken.then((late) => this.#proceed(late)))
  }

  #lockRule(): LockRule | undefined {
    const { lock } = this.rule
    if (lock === undefined) return undefined
    const chosen: unknown = typeof lock === 'function' ? this.#chosenBy(lock) : lock
    checkLockRule('lock', chosen)
    return typeof chosen === 'string' ? { resource: chosen } : chosen
  }

  /** Returns the lock that a function chose. It must be one: the command must not run without a lock. */
  #chosenBy(choose: (context: CommandContext) => unknown): unknown {
    const place = `commands[${JSON.stringify(this.context.command)}].lock()`
    const chosen = this.#calling(place, choose)
    if (isPromiseLike(chosen)) {
      // The promise is dropped, so its later rejection must not surface.
      chosen.then(undefined, () => undefined)
      throw new TypeError(`${place} must return its answer directly, got a promise`)
    }
    checkLockRule(place, chosen)
    return chosen
  }

  /** An error explains itself. Anything else that is thrown needs the name of the function. */
  #calling(place: string, choose: (context: CommandContext) => unknown): unknown {
    try {
      return choose(this.context)
    } catch (error) {
      if (isInstance(error, Error) || isCliOpsError(error)) throw error
      throw new TypeError(`${place} threw ${errorText(error)}`, { cause: error })
    }
  }

  #proceed(taken: Taken): Entry {
    this.#entered = 'granted'
    if (isRefusal(taken)) return this.#refuse(taken)
    if (taken === undefined) this.#note = undefined
    else this.#hold(taken)
    this.#session.letIn()
    return 'granted'
  }

  #refuse(refusal: Refusal): Entry {
    const isSkipped = refusal.reason === 'skipped'
    this.#entered = 'skipped'
    this.#refusal = refusal.error
    if (isSkipped) this.#note?.refuse(refusal.error)
    else this.noteError(refusal.error)
    this.#emitted = true
    this.#progress.state = 'over'
    if (!this.host.livesOn) loadRefusal().endRefused(refusal, this.host)
    if (!isSkipped) throw refusal.error
    return 'skipped'
  }

  #hold(lock: CommandLock): void {
    this.#lock = lock
    this.#note?.hold(lock)
    tellSlot(lock)
    if (this.#isProcess) this.#endHold = holdForProcess(lock)
  }

  #settle(result: unknown): void {
    if (this.#progress.state === 'finished') return
    this.#progress.result = result
    if (!this.#isProcess) this.#lock?.ended?.(this.exitCode)
    this.#beOver()
    if (!this.#isProcess) this.#release()
  }

  #beOver(): void {
    this.#progress.state = 'over'
    // A callback can still be running: the command is over only when the process ends.
    if (this.host.livesOn) this.finish({ exitCode: this.exitCode })
  }

  #emitResult(): void {
    const { emits } = this.rule
    if (emits === undefined || this.#emitted || this.failed) return
    this.#emitted = true
    this.#session.emitOutcome(emits, {
      args: this.context.args,
      result: this.#progress.result,
      durationMs: this.#durationMs(),
    })
  }

  #durationMs(): number {
    return Math.round(monotonicMs() - this.#startedAt)
  }

  #release(): void {
    const lock = this.#lock
    this.#lock = undefined
    this.#endHold?.()
    if (lock === undefined) return
    this.#note?.end()
    void releaseLock(lock)
  }
}

function describeRule(command: string, rule: LockRule | undefined): string {
  const what = `the command ${JSON.stringify(command)}`
  return rule === undefined ? `no lock rule for ${what}` : `${what} takes ${JSON.stringify(rule)}`
}
