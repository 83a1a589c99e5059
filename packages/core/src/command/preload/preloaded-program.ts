import { say } from '../../base/terminal/message.js'
import { packageBinOf, type PackageBin } from '../host/cli-name.js'
import { EXIT_CONFIG } from '../../base/errors/exit-codes.js'
import { exitCodeOf } from '../host/exit-code-of.js'
import { isOn } from '../../base/process/environment.js'
import { describeOwnProcess, ownProcess } from '../../base/process/own-process.js'
import { processPart } from '../../base/process/process-state.js'
import { type ConfiguredRules, configuredRules } from './configured-rules.js'
import { followRespawn, isRespawned } from './follow-respawn.js'
import { keepPreload, type Preload } from './keep-preload.js'
import { ParsingThread } from './parsing-thread.js'
import { PROBE_FOLDER, type ProgramCommand, writeProbeReport } from './probe-report.js'
import { type Load, watchLoads } from './watch-loads.js'

/** Tells children which process runs the command that they are part of: its pid, and its program. */
const STARTED_BY = 'CLI_OPS_STARTED_BY'

const FREE_ARGUMENTS = new Set(['--help', '-h', '--version', '-v', '-V'])

/** State shared by all preloads of one process. */
interface Shared {
  readonly frameworks: Set<string>
  /** True once another process is the program, or the program has been refused, or has shown its help instead of parsing. */
  isSettled: boolean
  /** True once an error was not caught. */
  hasThrown: boolean
  /** Why the rules cannot hold. */
  reason?: string
}

/** A preload, the framework that it watches for, and what it needs from loaded modules. */
export interface ProgramPreload extends Preload {
  readonly framework: string
  readonly onLoad?: (load: Load) => void
  /** The commands of the programs that have parsed, for `attach`. */
  readonly listCommands: () => readonly ProgramCommand[]
}

/**
 * The program that a preload was loaded into. Either its rules hold, or the user is told: if no command line of the
 * framework was parsed, one line at the end says so; if the framework is too old for a lock, the program is refused.
 */
export class PreloadedProgram {
  readonly #shared: Shared
  readonly #thread = new ParsingThread()
  readonly #isRespawned: boolean
  /** True in a run that only shows what a preload sees: it refuses and prints nothing. */
  readonly isProbed: boolean
  #bin: PackageBin | null | undefined
  #hasParsed = false

  constructor(preload: ProgramPreload) {
    keepPreload(preload)
    const shared = processPart<Shared>('preloads', () => ({
      frameworks: new Set(),
      isSettled: false,
      hasThrown: false,
    }))
    this.#shared = shared
    this.#isRespawned = isRespawned()
    const isFirst = shared.frameworks.size === 0
    shared.frameworks.add(preload.framework)
    watchLoads((load) => {
      if (isChildProcess(load.request)) this.#follow(preload.file)
      preload.onLoad?.(load)
    })
    const probeFolder = process.env[PROBE_FOLDER]
    this.isProbed = probeFolder !== undefined
    if (!this.#thread.isMain) return
    if (probeFolder !== undefined)
      process.once('exit', () => {
        this.#report(probeFolder, preload)
      })
    else if (isFirst) {
      process.once('uncaughtExceptionMonitor', () => {
        shared.hasThrown = true
      })
      process.once('exit', (exitCode) => {
        this.#sayUnlessHeld(exitCode)
      })
    }
  }

  /** The package that installs the program. */
  get bin(): PackageBin | undefined {
    this.#bin ??= packageBinOf(process.argv[1]) ?? null
    return this.#bin ?? undefined
  }

  /**
   * Records that the program parses its command line. Returns false if it is part of another process's or thread's command: a subcommand
   * in its own file, or a worker, which that command's rule covers.
   */
  parses(): boolean {
    const isFirst = !this.#thread.isKnown
    this.#hasParsed = true
    if (!this.#thread.begin() && !this.#thread.isMain) return false
    if (this.#isPartOfParent()) return false
    if (isFirst && this.#thread.isMain)
      process.env[STARTED_BY] = `${process.pid} ${process.argv[1] ?? ''}`
    return true
  }

  /** Records that the program shows its help without a parse, as some do if they are given no arguments: that needs no lock. */
  showsHelp(): void {
    this.#shared.isSettled = true
  }

  /**
   * Records why rules cannot hold here. If one of them has a lock, or cannot be read, the process ends before the program does
   * anything; `name` is the framework's name for the program.
   */
  cannotHold(reason: string, name?: string): void {
    this.#shared.reason ??= reason
    if (this.isProbed || !this.#thread.isMain || isOff() || isFree()) return
    if (this.#isPartOfParent()) return
    const names = this.#names(name)
    let exitCode = EXIT_CONFIG
    try {
      const rules = configuredRules(names)
      if (rules === undefined || rules.resources.length === 0) return
      describeOwnProcess({ name: names[0] ?? rules.cli })
      say(`refused: ${reason}, so its lock in ${rules.file} cannot hold; ${remedy(rules)}`)
    } catch (error) {
      say(`refused: ${(error as Error).message}`)
      exitCode = exitCodeOf(error)
    }
    this.#shared.isSettled = true
    process.exit(exitCode)
  }

  /** Returns whether a file belongs to the program's package, and not to one nested inside it. */
  isOwnFile(file: string): boolean {
    const folder = this.bin?.folder
    if (folder === undefined) return file === process.argv[1]
    return file.startsWith(folder) && !/[\\/]node_modules[\\/]/u.test(file.slice(folder.length))
  }

  #follow(file: string): void {
    if (followed || !this.#thread.isMain || this.bin === undefined) return
    followed = true
    followRespawn(file, this.bin.folder, () => {
      if (this.#thread.isKnown) return false
      this.#shared.isSettled = true
      return true
    })
  }

  #report(folder: string, { framework, listCommands }: ProgramPreload): void {
    const { reason } = this.#shared
    const commands = listCommands()
    const hasParsed = this.#hasParsed
    writeProbeReport(folder, { framework, pid: process.pid, hasParsed, reason, commands })
  }

  #sayUnlessHeld(exitCode: number): void {
    const { isSettled, hasThrown, reason, frameworks } = this.#shared
    if (this.#thread.isKnown || isSettled || isOff() || isFree() || !this.#isProgram()) return
    const rules = this.#rules()
    if (rules === undefined) return
    describeOwnProcess({ name: this.#names()[0] ?? rules.cli })
    // An error, such as in an import, ends programs that are well attached, too.
    const why =
      reason === undefined && hasThrown && exitCode !== 0
        ? `it failed before any ${[...frameworks].join(' or ')} was seen in it`
        : `${reason ?? `no ${[...frameworks].join(' and no ')} was seen in it`}; ${remedy(rules)}`
    say(`the rules for "${rules.cli}" in ${rules.file} did not hold: ${why}`)
  }

  #rules(): ConfiguredRules | undefined {
    try {
      return configuredRules(this.#names())
    } catch {
      // A program with a rule there reports it when it begins a command.
      return undefined
    }
  }

  /** False in a worker or another file that a CLI starts: rules are for the program that a person calls. */
  #isProgram(): boolean {
    return this.#isRespawned || this.bin?.isEntry !== false
  }

  #names(name?: string): readonly string[] {
    const file = ownProcess().name
    return [...new Set([...(this.bin?.names ?? [file]), ...(name === undefined ? [] : [name])])]
  }

  #isPartOfParent(): boolean {
    const [pid, ...script] = process.env[STARTED_BY]?.split(' ') ?? []
    if (this.#isRespawned || Number(pid) !== process.ppid || this.bin === undefined) return false
    const parent = packageBinOf(script.join(' '))
    return parent?.folder === this.bin.folder && parent.script !== this.bin.script
  }
}

let followed = false

function remedy({ cli, resources }: ConfiguredRules): string {
  return `use "cli-ops run --lock ${resources[0] ?? '<resource>'} -- ${cli}"`
}

function isChildProcess(request: string): boolean {
  return request === 'child_process' || request === 'node:child_process'
}

function isOff(): boolean {
  return isOn(process.env['CLI_OPS_DISABLED'])
}

/** Help and version need no lock, whatever the program is built on. */
function isFree(): boolean {
  return process.argv.length === 3 && FREE_ARGUMENTS.has(process.argv[2] ?? '')
}
