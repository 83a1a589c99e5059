import { debug, warnOnce } from '../diagnostics/message.js'
import type { Primitive } from '../drivers/driver.js'
import { assertEventType } from '../events/event-pattern.js'
import { nextEventId } from '../events/event-id.js'
import { createEventRecord, eventJson } from '../events/event-record.js'
import { defaultSource } from '../events/event-source.js'
import { isoNow } from '../events/event-time.js'
import { traceparentOf } from '../events/trace-context.js'
import { isCliOpsError } from '../errors/cli-ops-error.js'
import { type RunningCli, setRunningCli } from '../coordinator/running-cli.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../options/connection-options.js'
import { runExitCleanups, takeOverExitCleanups } from '../process/at-exit.js'
import { describeOwnProcess, ownProcess } from '../process/own-process.js'
import type {
  CliOpsOptions,
  CommandContext,
  CommandOutcome,
  CommandRule,
  EventsOf,
} from './cli-ops-options.js'
import type { Refusal } from './command-lock.js'
import { findRule } from './command-path.js'
import { CommandRun } from './command-run.js'
import { type ProcessEnd, observeExit } from './exit-observer.js'
import { isConfigured } from './is-configured.js'
import { loadParts } from './load-parts.js'
import { LocalTraces } from './local-traces.js'
import type { RemoteTraces } from './remote-traces.js'
import { eventsOf } from './outcome-events.js'
import { observeSignals } from './signal-observer.js'

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
export class Session implements RunningCli {
  readonly name: string
  readonly version: string | undefined
  readonly options: CliOpsOptions
  readonly connection: ConnectionOptions
  /** `undefined` where the environment says what cannot be. */
  readonly #resolved: Connection | undefined
  readonly #runs = new Set<CommandRun>()
  #traces: LocalTraces | undefined
  /** `null` where there can be none. */
  #remote: RemoteTraces | null | undefined
  #lastError: unknown
  #refusals = 0
  #ended = false

  constructor(program: Program, options: CliOpsOptions) {
    this.name = options.name ?? program.name
    this.version = options.version ?? program.version
    // First of all, since whatever is said from here on is said under this name.
    describeOwnProcess({ name: this.name })
    this.options = options
    try {
      this.#resolved = resolveConnection(options)
      if (isConfigured(this.#resolved.home)) {
        this.options = loadParts().withHomeConfig(this.name, options)
        this.#resolved = resolveConnection(this.options)
      }
    } catch (error) {
      this.#failOpen(error)
    }
    const { home, namespace, url, disabled } = this.options
    this.connection = { home, namespace, url, disabled }
    setRunningCli(this)
  }

  /** Id of this process among all instances. */
  get instance(): string {
    return ownProcess().instance
  }

  get disabled(): boolean {
    return this.#resolved?.disabled === true
  }

  /** Cleans up after dead processes, registers the instance and begins to observe the end of the process. */
  start(): this {
    if (this.disabled) return this
    const end = (how: ProcessEnd): void => {
      this.#end(how)
    }
    observeExit(end)
    observeSignals(end)
    process.on('uncaughtExceptionMonitor', (error) => {
      this.#lastError = error
    })
    takeOverExitCleanups()
    try {
      this.#local('locks')?.cleanUpIfDue()
    } catch (error) {
      this.#failOpen(error)
    }
    try {
      this.#tracesOf('registry')?.register(this, this.name, this.version)
    } catch (error) {
      this.#failOpen(error)
    }
    if (this.options.serve !== undefined) void this.#serve()
    return this
  }

  /**
   * Begins a command: settles those before it that are over, and emits `command:started`. `carried` is a rule that the
   * command itself carries.
   */
  begin(context: CommandContext, carried?: CommandRule): CommandRun {
    for (const run of this.#runs) {
      if (!run.isOver) continue
      run.finish({ exitCode: run.failed ? 1 : Number(process.exitCode ?? 0) })
      this.#runs.delete(run)
    }
    describeOwnProcess({ command: context.command })
    const rule = findRule(this.options.commands, context.command, carried)
    const run = new CommandRun(this, context, rule)
    this.#runs.add(run)
    this.emitLifecycle('command:started', run.facts)
    return run
  }

  /** How often a lock was not to be had so far: what was wrapped around such a handler must not take it for done. */
  get refusals(): number {
    return this.#refusals
  }

  /** Emits the events that follow a handler of the command in progress. */
  emitOutcome(events: string | EventsOf, handled: HandledOutcome): void {
    const context = [...this.#runs].at(-1)?.context ?? { command: '', args: [], options: {} }
    const facts = { cli: this.name, command: context.command, instance: this.instance }
    try {
      const outcome = { exitCode: 0, ...context, ...handled }
      for (const { type, data } of eventsOf(events, outcome, facts)) {
        assertEventType(type)
        const event = { type, data, source: defaultSource(), traceparent: traceparentOf(undefined) }
        this.#tracesOf('events')?.append(createEventRecord(event))
      }
    } catch (error) {
      this.#failOpen(error)
    }
  }

  /** Emits one of the plugin's own events, unless they are turned off. */
  emitLifecycle(type: string, data: object): void {
    if (this.options.lifecycleEvents === false) return
    const traces = this.#tracesOf('events')
    if (traces === undefined) return
    const event = {
      id: nextEventId(),
      type,
      source: defaultSource(),
      time: isoNow(),
      traceparent: traceparentOf(undefined),
    }
    try {
      traces.append({ json: eventJson(event, JSON.stringify(data)) })
    } catch (error) {
      this.#failOpen(error)
    }
  }

  /** Remembers why the command in progress did not run, for its `command:failed`. */
  noteRefusal(refusal: Refusal): void {
    this.#refusals += 1
    if (refusal.reason === 'refused') this.#lastError = refusal.error
  }

  /** Where the traces of a primitive go: this machine, or the engine that the URL names. */
  #tracesOf(primitive: 'events' | 'registry'): LocalTraces | RemoteTraces | undefined {
    return this.#local(primitive) ?? this.#away(primitive)
  }

  /** The traces on this machine, where the primitive is kept there. */
  #local(primitive: Primitive): LocalTraces | undefined {
    if (this.#resolved?.urlOf(primitive) !== 'local:') return undefined
    return (this.#traces ??= new LocalTraces(this.#resolved))
  }

  #away(primitive: 'events' | 'registry'): RemoteTraces | undefined {
    const url = this.#resolved?.urlOf(primitive)
    // What lives in one process leaves nothing for others.
    if (url === undefined || url === 'memory:') return undefined
    // A server of this process registers it, with its endpoint.
    if (primitive === 'registry' && this.options.serve !== undefined) return undefined
    if (this.#remote === undefined) {
      try {
        const fail = (error: Error): void => this.#failOpen(error)
        this.#remote = new (loadParts().RemoteTraces)(this.connection, fail)
      } catch (error) {
        this.#remote = null
        this.#failOpen(error)
      }
    }
    return this.#remote ?? undefined
  }

  async #serve(): Promise<void> {
    try {
      const { useOps } = await import('@cli-ops/shared-ipc')
      const server = useOps().serve().unref()
      for (const [method, handler] of Object.entries(this.options.serve ?? {})) {
        server.handle(method, handler as (data: unknown, context: unknown) => unknown)
      }
      await server.ready
    } catch (error) {
      // A short command may have closed its coordinator before the server was ready.
      if (!isCliOpsError(error, 'CLOSED')) this.#failOpen(error)
    }
  }

  #failOpen(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    warnOnce('fail-open', `going on without events and registry: ${reason}`)
    debug(() => (error instanceof Error ? (error.stack ?? error.message) : reason))
  }

  #end(end: ProcessEnd): void {
    if (this.#ended) return
    this.#ended = true
    for (const run of [...this.#runs].reverse()) run.finish(end, this.#lastError)
    this.#remote?.finish()
    runExitCleanups()
  }
}
