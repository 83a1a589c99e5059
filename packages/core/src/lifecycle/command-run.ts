import { monotonicMs } from '../process/monotonic-time.js'
import { isCliOpsError } from '../errors/cli-ops-error.js'
import type { Lock } from '../locks/lock-types.js'
import { checkLockRule } from './check-options.js'
import type { CommandContext, CommandRule, LockRule } from './cli-ops-options.js'
import { type Refusal, takeLock, takeLockNow } from './command-lock.js'
import type { ProcessEnd } from './exit-observer.js'
import { isPromiseLike } from './promise-like.js'
import { releaseLock } from './release-lock.js'
import type { Session } from './session.js'

/** What an adapter does instead of the action when the command may not run. */
export type Refuse<T> = (refusal: Refusal) => T

/** One command of the host, from its start to the end that is finally known. */
export class CommandRun {
  readonly facts: { readonly cli: string; readonly command: string; readonly instance: string }
  readonly #session: Session
  readonly context: CommandContext
  readonly #rule: CommandRule
  readonly #startedAt = monotonicMs()
  #lock: Lock | undefined
  #state: 'running' | 'over' | 'finished' = 'running'
  #result: unknown
  #error: unknown
  #emitted = false

  constructor(session: Session, context: CommandContext, rule: CommandRule = {}) {
    this.#session = session
    this.context = context
    this.#rule = rule
    this.facts = { cli: session.name, command: context.command, instance: session.instance }
  }

  /** True when the action has returned or settled, so that nothing of the command is left but its exit code. */
  get isOver(): boolean {
    return this.#state !== 'running'
  }

  get failed(): boolean {
    return this.#error !== undefined
  }

  /**
   * Runs the action under the command's rule and gives its result as it is: without a wait for the lock a
   * synchronous action stays synchronous. Whatever the action throws goes through. When the lock is not to
   * be had, `refuse` stands for the action.
   *
   * The lock of an action that returns a promise is released when that settles. One that returns anything else may go
   * on in callbacks that nobody can see, so its lock is kept to the end of the process or the next command.
   */
  execute<T>(action: () => T, refuse: Refuse<T>): T | Promise<Awaited<T>> {
    const rule = this.#lockRule()
    if (rule === undefined) return this.#follow(action)
    const taken = takeLock(this.#session.connection, rule)
    return isPromiseLike(taken)
      ? (taken.then((lock) => this.#proceed(lock, action, refuse)) as Promise<Awaited<T>>)
      : this.#proceed(taken, action, refuse)
  }

  /**
   * Takes the rule's lock where the action cannot be wrapped, and keeps it to the end of the process or the next
   * command. A promise only where the lock has to be waited for.
   */
  hold(refuse: (refusal: Refusal) => never): void | Promise<void> {
    return this.execute(() => {
      this.#lock?.enter()
    }, refuse)
  }

  /** As {@link hold}, but the lock is there when it returns: for hosts that do not wait for a promise. */
  holdNow(refuse: (refusal: Refusal) => never): void {
    const rule = this.#lockRule()
    const enter = (): void => {
      this.#lock?.enter()
    }
    if (rule === undefined) this.#follow(enter)
    else this.#proceed(takeLockNow(this.#session.connection, rule), enter, refuse)
  }

  /** Keeps the command in progress until the returned function is called, whatever begins meanwhile. */
  keepOpen(): () => void {
    this.#state = 'running'
    return () => {
      if (this.#state === 'running') this.#state = 'over'
    }
  }

  /** Remembers an error that the framework handles itself, for `command:failed`. */
  noteError(error: unknown): void {
    this.#error = error
  }

  /** Records the end: the rule's events where the command ended well, then its lifecycle event, then the release. */
  finish(end: ProcessEnd, uncaught?: unknown): void {
    if (this.#state === 'finished') return
    this.#state = 'finished'
    const { exitCode, signal } = end
    if (exitCode === 0 && this.#rule.emits !== undefined) this.#emitResult()
    const error = exitCode === 0 ? undefined : describeError(this.#error ?? uncaught)
    this.#session.emitLifecycle(exitCode === 0 ? 'command:completed' : 'command:failed', {
      ...this.facts,
      exitCode,
      durationMs: this.#durationMs(),
      ...(signal === undefined ? {} : { signal }),
      ...(error === undefined ? {} : { error }),
    })
    this.#release()
  }

  #lockRule(): LockRule | undefined {
    const { lock } = this.#rule
    if (lock === undefined) return undefined
    // A function that chooses nothing is a mistake: the command must not run without its lock.
    const chosen: unknown = typeof lock === 'function' ? lock(this.context) : lock
    checkLockRule('lock', chosen)
    return typeof chosen === 'string' ? { resource: chosen } : chosen
  }

  #proceed<T>(taken: Lock | Refusal, action: () => T, refuse: Refuse<T>): T {
    if ('reason' in taken) {
      this.#error = taken.reason === 'skipped' ? undefined : taken.error
      this.#emitted = true
      this.#state = 'over'
      return refuse(taken)
    }
    this.#lock = taken
    return taken.run(() => this.#follow(action))
  }

  #follow<T>(action: () => T): T {
    let result: T
    try {
      result = action()
    } catch (error) {
      this.#settle(undefined, error ?? new Error('thrown without a value'))
      throw error
    }
    if (!isPromiseLike(result)) {
      // A callback may still be running: only the end of the process tells that the command is over.
      this.#result = result
      this.#state = 'over'
      return result
    }
    const settled = result.then(
      (value: unknown) => {
        this.#settle(value, undefined)
        return value
      },
      (error: unknown) => {
        this.#settle(undefined, error ?? new Error('rejected without a value'))
        throw error
      },
    )
    return settled as T
  }

  #settle(result: unknown, error: unknown): void {
    if (this.#state === 'finished') return
    this.#state = 'over'
    this.#result = result
    this.#error = error
    this.#release()
  }

  #emitResult(): void {
    const { emits } = this.#rule
    if (emits === undefined || this.#emitted || this.failed) return
    this.#emitted = true
    this.#session.emitOutcome(emits, {
      args: this.context.args,
      result: this.#result,
      durationMs: this.#durationMs(),
    })
  }

  #durationMs(): number {
    return Math.round(monotonicMs() - this.#startedAt)
  }

  #release(): void {
    const lock = this.#lock
    this.#lock = undefined
    if (lock !== undefined) void releaseLock(lock)
  }
}

/** Name and code only: messages may hold secrets. */
function describeError(
  error: unknown,
): { readonly name: string; readonly code?: string } | undefined {
  if (error === undefined) return undefined
  if (!(error instanceof Error) && !isCliOpsError(error)) return { name: typeof error }
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? { name: error.name, code } : { name: error.name }
}
