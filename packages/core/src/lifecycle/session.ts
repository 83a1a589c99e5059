import { debug, warnOnce } from '../diagnostics/message.js'
import { type Coordinator, createCoordinator } from '../coordinator/create-coordinator.js'
import { setRunningCoordinator } from '../coordinator/use-ops.js'
import { openDriver } from '../drivers/open-driver.js'
import { EventBus } from '../events/event-bus.js'
import { runExitCleanups, takeOverExitCleanups } from '../process/at-exit.js'
import { describeOwnProcess, ownProcess } from '../process/own-process.js'
import { ownRecord } from '../registry/own-records.js'
import type { CliOpsOptions, CommandContext, CommandOutcome, EventsOf } from './cli-ops-options.js'
import type { Refusal } from './command-lock.js'
import { eventsOf } from './outcome-events.js'
import { findRule } from './command-path.js'
import { CommandRun } from './command-run.js'
import { type ProcessEnd, observeExit } from './exit-observer.js'
import { withHomeConfig } from './home-config.js'
import { observeSignals } from './signal-observer.js'
import { cleanUpIfDue } from './startup-clean-up.js'

/** What a framework knows of its program. */
export interface Program {
  readonly name: string
  readonly version?: string | undefined
}

/** What is known of a handler that has ended well. */
export type HandledOutcome = Pick<CommandOutcome, 'args' | 'result' | 'durationMs'>

/**
 * The plugin's part in one process: it registers the instance, follows the commands, observes how the process really
 * ends, and gives everything back. There is one in a process, however often a framework object is built.
 *
 * Locks fail closed. Everything else fails open: the first failure says so in one line and the host goes on.
 */
export class Session {
  readonly name: string
  readonly version: string | undefined
  readonly options: CliOpsOptions
  readonly #runs = new Set<CommandRun>()
  #coordinator: Coordinator | undefined
  #events: EventBus | undefined
  #lastError: unknown
  #ended = false

  constructor(program: Program, options: CliOpsOptions) {
    this.name = options.name ?? program.name
    this.version = options.version ?? program.version
    this.options = withHomeConfig(this.name, options)
    describeOwnProcess({ name: this.name })
    setRunningCoordinator(() => this.coordinator)
  }

  /** Id of this process among all instances. */
  get instance(): string {
    return ownProcess().instance
  }

  get disabled(): boolean {
    return this.options.disabled === true
  }

  /** The handle on all four primitives that `useOps()` gives, made at its first use. */
  get coordinator(): Coordinator {
    return (this.#coordinator ??= createCoordinator({
      ...this.#connection(),
      name: this.name,
      version: this.version,
    }))
  }

  /** Cleans up after dead processes, registers the instance and begins to observe the end of the process. */
  start(): void {
    observeExit((end) => {
      this.#end(end)
    })
    observeSignals((end) => {
      this.#end(end)
    })
    process.on('uncaughtExceptionMonitor', (error) => {
      this.#lastError = error
    })
    takeOverExitCleanups()
    this.quietly(() => {
      cleanUpIfDue(this.#connection())
    })
    this.quietly(() => {
      this.#register()
    })
    if (this.options.serve !== undefined) void this.#serve()
  }

  /** Begins a command: settles those before it that are over, and emits `command:started`. */
  begin(context: CommandContext): CommandRun {
    for (const run of this.#runs) {
      if (!run.isOver) continue
      run.finish({ exitCode: run.failed ? 1 : Number(process.exitCode ?? 0) })
      this.#runs.delete(run)
    }
    describeOwnProcess({ command: context.command })
    const run = new CommandRun(this, context, findRule(this.options.commands, context.command))
    this.#runs.add(run)
    this.emitLifecycle('command:started', run.facts)
    return run
  }

  /** Emits the events that follow a handler of the command in progress. */
  emitOutcome(events: string | EventsOf, handled: HandledOutcome): void {
    const context = [...this.#runs].at(-1)?.context ?? { command: '', args: [], options: {} }
    const facts = { cli: this.name, command: context.command, instance: this.instance }
    this.quietly(() => {
      const outcome = { exitCode: 0, ...context, ...handled }
      for (const { type, data } of eventsOf(events, outcome, facts)) this.emit(type, data)
    })
  }

  /** Emits one of the plugin's own events, unless they are turned off. */
  emitLifecycle(type: string, data: object): void {
    if (this.options.lifecycleEvents !== false) this.emit(type, data)
  }

  /** Emits an event without waiting; a failure is a warning. */
  emit(type: string, data: unknown): void {
    this.quietly(() => {
      this.#events ??= new EventBus({ ...this.#connection(), rateLimit: false })
      this.#events.emitSync(type, data)
    })
  }

  /** Remembers why the command in progress did not run, for its `command:failed`. */
  noteRefusal(refusal: Refusal): void {
    if (refusal.reason === 'refused') this.#lastError = refusal.error
  }

  /** Runs what must not break the host. */
  quietly(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#failOpen(error)
    }
  }

  #failOpen(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    warnOnce('fail-open', `going on without events and registry: ${reason}`)
    debug(() => (error instanceof Error ? (error.stack ?? error.message) : reason))
  }

  #connection(): Pick<CliOpsOptions, 'home' | 'namespace' | 'url' | 'disabled'> {
    const { home, namespace, url, disabled } = this.options
    return { home, namespace, url, disabled }
  }

  #register(): void {
    const handle = openDriver(this.#connection(), 'registry')
    const driver = handle.now?.registry
    if (driver === undefined) return
    // A server of this process announces its endpoint in the same record.
    void ownRecord({ key: handle.key, driver }, this.name).set(
      this,
      { version: this.version },
      driver,
    )
  }

  async #serve(): Promise<void> {
    try {
      const server = this.coordinator.serve()
      for (const [method, handler] of Object.entries(this.options.serve ?? {})) {
        server.handle(method, handler as (data: unknown, context: unknown) => unknown)
      }
      server.unref()
      await server.ready
    } catch (error) {
      this.#failOpen(error)
    }
  }

  #end(end: ProcessEnd): void {
    if (this.#ended) return
    this.#ended = true
    for (const run of [...this.#runs].reverse()) run.finish(end, this.#lastError)
    runExitCleanups()
  }
}
