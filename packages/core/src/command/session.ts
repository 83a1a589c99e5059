import { debug, warnOnce } from '../base/terminal/message.js'
import type { OpenCommand, Primitive } from '../drivers/driver.js'
import { assertEventType } from '../events/event-pattern.js'
import { nextEventId } from '../events/contract/event-id.js'
import { eventJson } from '../events/contract/event-json.js'
import { createEventRecord } from '../events/contract/event-record.js'
import { defaultSource } from '../events/contract/event-source.js'
import { isoNow } from '../events/contract/event-time.js'
import { traceparentOf } from '../base/process/trace-context.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { type RunningCli, setRunningCli } from '../coordinator/running-cli.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'
import { errorText, stackOf } from '../base/errors/error-text.js'
import { runExitCleanups, takeOverExitCleanups } from '../base/process/at-exit.js'
import { describeOwnProcess, ownProcess } from '../base/process/own-process.js'
import { isOutdatedCopy } from '../base/process/process-state.js'
import type {
  CliOpsOptions,
  CommandOutcome,
  EmittedEvent,
  EventsOf,
} from './options/cli-ops-options.js'
import { assertSameOptions } from './assert-same-options.js'
import { packageBinOf } from './host/cli-name.js'
import { findRule } from './command-rule.js'
import { CommandRun, type RunSettings } from './command-run.js'
import { type ProcessEnd, observeExit } from './host/exit-observer.js'
import type { HostCommand, Program } from './host/host-command.js'
import { programName } from './host/program-name.js'
import { isConfigured } from './options/is-configured.js'
import { loadParts } from './lazy.js'
import { LocalTraces } from './local-traces.js'
import type { Companion } from './companion/companion.js'
import { eventsOf } from './outcome-events.js'
import type { Refusal } from './refusal.js'
import type { UsualRun } from './usual-run.js'
import { setTimeout } from '../base/wait/own-timers.js'

/** A handler that takes a lock of its own begins to do so within this time, in every framework. */
const TELL_AFTER_MS = 200

/** What is known about a handler that succeeded. */
export type HandledOutcome = Pick<CommandOutcome, 'args' | 'result' | 'durationMs'>

/** The configuration of one program. */
interface ProgramSettings {
  readonly options: CliOpsOptions
  /** Names the file that contains a wrong rule. */
  readonly place?: (error: Error) => Error
  /** Why its rules cannot be known, so that none of its commands can run. */
  readonly fault?: Error
}

/**
 * The plugin's part in one process: it registers the instance, follows the commands, observes how the process really
 * ends, and releases everything. A process has one session, however often a framework object is built.
 *
 * Locks fail closed. Everything else fails open: the first failure prints one line and the host continues.
 */
export class Session implements RunningCli {
  readonly name: string
  readonly version: string | undefined
  readonly options: CliOpsOptions
  readonly connection: ConnectionOptions
  readonly rateLimit: CliOpsOptions['rateLimit']
  readonly isRateLimitOfHome: boolean
  readonly schemas: CliOpsOptions['schemas']
  /** Every name under which its package installs it. */
  readonly #names: readonly string[]
  /** `undefined` if the environment is invalid. */
  readonly #resolved: Connection | undefined
  /** The configuration of each program of this process. */
  readonly #settings = new Map<CliOpsOptions, ProgramSettings>()
  readonly #runs = new Set<CommandRun>()
  /** The command that the process was started for. */
  #main: CommandRun | undefined
  #traces: LocalTraces | undefined
  /** `null` if there cannot be one. */
  #companion: Companion | null | undefined
  #lastError: unknown
  #refusals = 0
  /** Failures that are not yet reported. */
  #heldBack: (() => void)[] = []
  #isLetIn = false
  #ended = false

  /** What registered the instance. */
  readonly #owner: object

  /** @param usual a command that has begun, which the session takes over */
  constructor(program: Program, options: CliOpsOptions, usual?: UsualRun) {
    this.#owner = usual ?? this
    const bin = options.name === undefined ? packageBinOf(process.argv[1]) : undefined
    this.name = options.name ?? programName(program, bin)
    this.#names = bin?.names ?? []
    this.version = options.version ?? program.version ?? bin?.version
    // First, because every later message carries this name.
    describeOwnProcess({ name: this.name })
    this.options = this.#settingsOf(program, options).options
    const { home, namespace, url, disabled, rateLimit, schemas } = this.options
    this.connection = { home, namespace, url, disabled }
    this.rateLimit = rateLimit
    this.schemas = schemas
    this.isRateLimitOfHome = rateLimit !== options.rateLimit
    // An outdated copy leaves the command to the newer one, but still refuses a lock of its rules.
    if (isOutdatedCopy()) return
    try {
      this.#resolved = usual?.command.connection ?? resolveConnection(this.options)
    } catch (error) {
      this.#failOpen(error)
    }
    setRunningCli(this)
  }

  /** Continues a command that has begun, as far as it has come. The end of the process is already observed. */
  takeOver(usual: UsualRun): CommandRun {
    const { host, options, rule, connection, driver } = usual.command
    this.#traces = new LocalTraces(connection, driver)
    const run = new CommandRun(this, host, { options, rule, isInner: false }, usual)
    this.#runs.add(run)
    this.#main = run
    this.#lastError = usual.uncaught
    this.#observeErrors()
    this.#isLetIn = usual.entered !== undefined
    usual.end = (end) => this.#end(end)
    usual.successor = run
    return run
  }

  #observeErrors(): void {
    process.on('uncaughtExceptionMonitor', (error) => {
      this.#lastError = error
    })
  }

  /** Id of this process among all instances. */
  get instance(): string {
    return ownProcess().instance
  }

  get disabled(): boolean {
    return this.#resolved?.disabled === true
  }

  /** Cleans up after dead processes and starts observing the end of the process; the first command registers the instance. */
  start(): this {
    if (this.disabled) return this
    const end = (how: ProcessEnd): void => {
      this.#end(how)
    }
    observeExit(end)
    this.#observeErrors()
    takeOverExitCleanups()
    try {
      this.#local('locks')?.cleanUpIfDue()
    } catch (error) {
      this.#failOpen(error)
    }
    if (this.options.serve !== undefined && !isOutdatedCopy()) void this.#serve()
    return this
  }

  /**
   * Begins a command: settles earlier ones that are over, and emits `command:started`. A command in progress that is only parsed
   * again continues.
   */
  begin(host: HostCommand, options: CliOpsOptions): CommandRun {
    const same = [...this.#runs].find((run) => isSameCommand(run, host))
    if (same !== undefined) return same.goOn(options)
    for (const run of this.#runs) {
      if (!run.isOver || (run.host.isOwnCommandLine && host.isOwnCommandLine)) continue
      run.finish({ exitCode: run.exitCode })
      this.#runs.delete(run)
      if (run === this.#main) this.#main = undefined
    }
    describeOwnProcess({ command: host.context.command })
    const run = new CommandRun(this, host, this.#runSettings(host, options))
    this.#runs.add(run)
    if (host.isOwnCommandLine && !host.livesOn) this.#main ??= run
    if (run.isTold) {
      this.#register()
      this.emitLifecycle('command:started', run.facts, run.open)
    }
    return run
  }

  /** How many locks were refused so far. A wrapper around such a handler must not count it as done. */
  get refusals(): number {
    return this.#refusals
  }

  /** Emits the events that follow a handler of the command in progress. */
  emitOutcome(events: string | EventsOf, handled: HandledOutcome): void {
    const context = [...this.#runs].at(-1)?.context ?? { command: '', args: [], options: {} }
    const facts = { cli: this.name, command: context.command, instance: this.instance }
    try {
      const outcome = { exitCode: 0, ...context, ...handled }
      for (const event of eventsOf(events, outcome, facts)) this.#emitMade(event)
    } catch (error) {
      warnOnce(
        'bad-event',
        `no event after ${JSON.stringify(context.command)}: ${errorText(error)}`,
      )
      debug(() => stackOf(error))
    }
  }

  /** The author must learn what is wrong with the event; the user, what is wrong with the log. */
  #emitMade({ type, data }: EmittedEvent): void {
    assertEventType(type)
    const event = { type, data, source: defaultSource(), traceparent: traceparentOf(undefined) }
    const record = createEventRecord(event)
    if (this.schemas !== undefined && Object.hasOwn(this.schemas, type))
      loadParts().assertMatchesNow(this.schemas[type], record)
    try {
      this.#tracesOf('events')?.append(record)
    } catch (error) {
      this.#failOpen(error)
    }
  }

  /** Emits one of the plugin's own events, unless they are turned off. */
  emitLifecycle(type: string, data: object, command: OpenCommand): void {
    if (this.options.lifecycleEvents === false) return
    const traces = this.#tracesOf('events')
    if (traces === undefined) return
    const begins = type === 'command:started'
    const event = {
      id: begins ? nextEventId() : command.endId,
      type,
      source: defaultSource(),
      time: isoNow(),
      traceparent: traceparentOf(undefined),
    }
    try {
      const json = eventJson(event, JSON.stringify(data))
      traces.append({ json, [begins ? 'begins' : 'ends']: command })
    } catch (error) {
      this.#failOpen(error)
    }
  }

  /** Remembers why the command in progress did not run, for its `command:failed`. */
  noteRefusal(refusal: Refusal): void {
    this.#refusals += 1
    if (refusal.reason === 'refused') this.#lastError = refusal.error
  }

  /** The command that the currently running handler most likely belongs to. */
  get current(): CommandRun | undefined {
    return [...this.#runs].at(-1)
  }

  #runSettings(host: HostCommand, options: CliOpsOptions): RunSettings {
    const settings = this.#settingsOf(host.program, options)
    // Commands that run during the process's own command run inside it.
    const common = { options, isInner: this.#main !== undefined }
    try {
      const fault = host.fault ?? settings.fault
      if (fault !== undefined) throw fault
      for (const others of host.otherOptions ?? []) assertSameOptions(options, others)
      const rule = findRule(settings.options.commands, host)
      // The outer command's rule is applied only once.
      return rule !== undefined && rule === this.#main?.rule ? common : { ...common, rule }
    } catch (error) {
      const wrong = error as Error
      const placed = settings.place?.(wrong) ?? wrong
      const { optionsPlace } = host
      // One that is about a rule, and is not about one of the home's.
      const isOwn = placed === wrong && optionsPlace !== undefined && 'rule' in wrong
      return {
        ...common,
        fault: isOwn ? new TypeError(`${optionsPlace}: ${wrong.message}`) : placed,
      }
    }
  }

  /** Returns the configuration of a program, by its author and its user. A repeated call does not read it again. */
  #settingsOf(program: Program, options: CliOpsOptions): ProgramSettings {
    const known = this.#settings.get(options)
    if (known !== undefined) return known
    const settings = this.#read(program, options)
    this.#settings.set(options, settings)
    return settings
  }

  #read(program: Program, options: CliOpsOptions): ProgramSettings {
    let home: string
    try {
      home = resolveConnection(options).home
    } catch {
      // The code that needs it reports the problem.
      return { options }
    }
    if (!isConfigured(home)) return { options }
    try {
      const given = options.name === undefined ? [] : [options.name]
      const names = [this.name, ...given, ...this.#names, program.name]
      return loadParts().withHomeConfig(home, names, options)
    } catch (error) {
      return { options, fault: error as Error }
    }
  }

  /** Registers the instance with the commands in progress, so that others can store the end of a killed one. */
  #register(): void {
    try {
      const isTold = this.options.lifecycleEvents !== false && this.#local('events') !== undefined
      const told = [...this.#runs].filter((run) => run.isTold)
      const commands = isTold ? told.map(({ open }) => open) : undefined
      const { name, version } = this
      this.#tracesOf('registry')?.register(this.#owner, { name, version, commands })
    } catch (error) {
      this.#failOpen(error)
    }
  }

  /** Returns where the traces of a primitive go: this machine, or the engine that the URL names. */
  #tracesOf(primitive: 'events' | 'registry'): LocalTraces | Companion | undefined {
    return this.#local(primitive) ?? this.#away(primitive)
  }

  /** Returns the traces on this machine, if the primitive is kept there. */
  #local(primitive: Primitive): LocalTraces | undefined {
    if (this.#resolved?.urlOf(primitive) !== 'local:') return undefined
    return (this.#traces ??= new LocalTraces(this.#resolved))
  }

  #away(primitive: 'events' | 'registry'): Companion | undefined {
    const url = this.#resolved?.urlOf(primitive)
    // In-process state leaves nothing for others.
    if (url === undefined || url === 'memory:') return undefined
    // A server of this process registers it, with its endpoint.
    if (primitive === 'registry' && this.options.serve !== undefined) return undefined
    if (this.#companion === undefined && this.#resolved !== undefined) {
      try {
        const fail = (error: Error, what?: string): void => this.#failOpen(error, what)
        this.#companion = loadParts().companionFor(this.#resolved, fail)
      } catch (error) {
        this.#companion = null
        this.#failOpen(error)
      }
    }
    return this.#companion ?? undefined
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
      // A short command can close its coordinator before the server is ready.
      if (!isCliOpsError(error, 'CLOSED')) this.#failOpen(error)
    }
  }

  /**
   * Called once a command is let in: only then are failures around it worth reporting. A refused command does not
   * continue.
   */
  letIn(): void {
    this.#isLetIn = true
    if (this.#heldBack.length > 0) this.#tellSoon()
  }

  /** Holds back failures until {@link letIn}, while the lock is requested: a refused command reports the refusal and nothing else. */
  holdBack(): void {
    this.#isLetIn = false
  }

  #failOpen(error: unknown, what = 'continuing without events and registry'): void {
    this.#heldBack.push(() => {
      warnOnce('fail-open', `${what}: ${errorText(error)}`)
      debug(() => stackOf(error))
    })
    if (this.#isLetIn) this.#tellSoon()
  }

  /** The handler may be about to ask for a lock. */
  #tellSoon(): void {
    setTimeout(() => this.#tell(), TELL_AFTER_MS).unref()
  }

  #tell(): void {
    if (this.#isLetIn) for (const tell of this.#heldBack.splice(0)) tell()
  }

  #end(end: ProcessEnd): void {
    if (this.#ended) return
    this.#ended = true
    for (const run of [...this.#runs].reverse()) {
      const isBefore = run.host.livesOn && run.isOver
      run.finish(isBefore ? { exitCode: run.exitCode } : end, this.#lastError)
    }
    this.#companion?.finish()
    this.#tell()
    runExitCleanups()
  }
}

/** Returns whether a command that begins is the one in progress: some programs parse their command line twice. */
function isSameCommand({ host: begun }: CommandRun, host: HostCommand): boolean {
  const isOwn = begun.isOwnCommandLine && host.isOwnCommandLine
  return isOwn && begun.context.command === host.context.command
}
