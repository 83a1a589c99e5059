import { runExitCleanups } from '../base/process/at-exit.js'
import { isOn } from '../base/process/environment.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { eventJson } from '../events/contract/event-json.js'
import { isoNow } from '../events/contract/event-time.js'
import { defaultSource } from '../events/contract/event-source.js'
import { holdForProcess } from '../locks/lock-flow.js'
import type { OpenCommand } from '../registry/contract/registry-driver.js'
import type { CommandInProgress, Entry } from './command-in-progress.js'
import { describeError } from './describe-error.js'
import type { ProcessEnd } from './host/exit-observer.js'
import type { HostCommand } from './host/host-command.js'
import { loadFullLifecycle } from './lazy.js'
import { loadOrRefuse } from './load-or-refuse.js'
import { LockNote } from './lock-note.js'
import type { CliOpsOptions, CommandRule, LockRule } from './options/cli-ops-options.js'
import { beginProgress, observeAction } from './progress.js'
import { releaseLock } from './release-lock.js'
import { takeUsualLock, type UsualLock } from './usual-lock.js'

/** What is known about a usual command before it begins. */
export interface UsualCommand {
  readonly host: HostCommand
  readonly options: CliOpsOptions
  readonly rule: CommandRule
  /** Of its lock rule. */
  readonly lockRule: LockRule | undefined
  readonly connection: Connection
  readonly driver: UsualDriver
  readonly facts: { readonly cli: string; readonly command: string; readonly instance: string }
  readonly open: OpenCommand
}

/**
 * The process's own command as nearly all of them run: on this machine, with at most a free lock, to a good end. It is the whole
 * lifecycle in one small file, since every user pays for it on every run. As soon as there is anything else, a {@link CommandRun} of a
 * session takes the command over, as far as it has come, and does the rest.
 */
export class UsualRun implements CommandInProgress {
  readonly command: UsualCommand
  readonly startedAt = monotonicMs()
  readonly progress = beginProgress()
  entered: Entry | undefined
  lock: UsualLock | undefined
  /** What the last event says about the lock. */
  note: LockNote | undefined
  endHold: (() => void) | undefined
  /** An error that ends the process. */
  uncaught: unknown
  /** Records the end of the process, once. */
  end: (end: ProcessEnd) => void = (end) => this.#end(end)
  /** The run that has taken over. */
  successor: CommandInProgress | undefined

  constructor(command: UsualCommand) {
    this.command = command
  }

  get refusal(): Error | undefined {
    return this.successor?.refusal
  }

  enterNow(): Entry {
    return (
      this.#enter() ?? this.#takeOver(this.command.lockRule !== undefined)?.enterNow() ?? 'granted'
    )
  }

  enter(blocks?: () => boolean): Entry | Promise<Entry> {
    return (
      this.#enter() ??
      this.#takeOver(this.command.lockRule !== undefined)?.enter(blocks) ??
      'granted'
    )
  }

  follow<T>(action: () => T): T {
    if (this.successor !== undefined) return this.successor.follow(action)
    const { progress } = this
    const settled = (result: unknown): void => {
      if (progress.state === 'finished') return
      progress.result = result
      progress.state = 'over'
    }
    return observeAction(action, {
      returned: settled,
      settled,
      failed: (error) => {
        this.noteError(error)
        settled(undefined)
      },
    })
  }

  within<T>(callback: () => T): T {
    // The lock of the process's own command covers everything in the process.
    return callback()
  }

  enterFlow(): void {
    // As `within`.
  }

  keepOpen(): () => void {
    const { progress } = this
    if (progress.state === 'over') progress.state = 'running'
    return () => {
      if (progress.state === 'running') progress.state = 'over'
    }
  }

  noteError(error: unknown = this.progress.error): void {
    this.progress.failed = true
    this.progress.error = error
  }

  /** Takes a free lock for a handler of the command; returns `undefined` if there is more to do. */
  takeWithin(rule: LockRule): { readonly lock: UsualLock; readonly note: LockNote } | undefined {
    if (isOn(process.env['CLI_OPS_DISABLED'])) return undefined
    const note = new LockNote(rule)
    const { connection, driver } = this.command
    const lock = takeUsualLock(connection, driver, rule)
    if (lock === undefined) return undefined
    this.note ??= note
    return { lock, note }
  }

  /** Appends one of the command's own events to the log. */
  emit(type: string, id: string, data: object): void {
    const attributes = { id, type, source: defaultSource(), time: isoNow(), traceparent: undefined }
    this.command.driver.append({ json: eventJson(attributes, JSON.stringify(data)) })
  }

  /** Takes the rule's lock if it is free; returns `undefined` if there is more to do. */
  #enter(): Entry | undefined {
    if (this.successor !== undefined) return undefined
    if (this.entered !== undefined) return this.entered
    const { lockRule: rule, connection, driver } = this.command
    if (rule !== undefined) {
      const note = new LockNote(rule)
      const lock = takeUsualLock(connection, driver, rule)
      if (lock === undefined) return undefined
      note.hold(lock)
      this.note = note
      this.lock = lock
      this.endHold = holdForProcess(lock)
    }
    return (this.entered = 'granted')
  }

  /** Lets a run of a session take over; returns `undefined` if no lock is needed, and that run cannot be loaded. */
  #takeOver(needsLock: boolean): CommandInProgress | undefined {
    const reason = { name: this.command.facts.cli, needsLock }
    return this.successor ?? loadOrRefuse(loadFullLifecycle, reason)?.takeOver(this)
  }

  #end(end: ProcessEnd): void {
    if (this.progress.state === 'finished') return
    // The rule's own events come first, and a session reports what is wrong with the log.
    const isMore = end.exitCode === 0 && this.command.rule.emits !== undefined
    if ((isMore || !this.#tellEnd(end.exitCode)) && this.#takeOver(false) !== undefined) {
      this.end(end)
      return
    }
    this.progress.state = 'finished'
    this.endHold?.()
    this.note?.end()
    if (this.lock !== undefined) void releaseLock(this.lock)
    runExitCleanups()
  }

  /** Stores how the command has ended; returns false if it cannot. */
  #tellEnd(exitCode: number): boolean {
    const { facts, open } = this.command
    const durationMs = Math.round(monotonicMs() - this.startedAt)
    const hasFailed = exitCode !== 0
    const error = hasFailed ? describeError(this.progress.error ?? this.uncaught) : undefined
    const data = { ...facts, exitCode, durationMs, error, lock: this.note?.facts() }
    try {
      this.emit(hasFailed ? 'command:failed' : 'command:completed', open.endId, data)
      return true
    } catch {
      return false
    }
  }
}
