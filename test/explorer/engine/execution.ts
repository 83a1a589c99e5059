import { beginOf, type Deed, type History } from './history.js'
import type { Program, SimulatedProcess } from './program.js'
import { createSimulatedProcess } from './simulated-process.js'
import type { SimulatedFiles } from './simulated-files.js'
import { SimulatedError } from './simulated-error.js'
import {
  BEGIN,
  type Ghost,
  type Machine,
  type ProcessState,
  visiblePart,
  withProcess,
  type World,
} from './world.js'

/** What an operation can make of the world. */
export interface Outcome<G extends Ghost> {
  readonly world: World<G>
  readonly result?: unknown
}

/** An operation that other processes may come in front of. */
export interface Operation<G extends Ghost> {
  readonly what: string
  /** All that may come of it; throws a {@link SimulatedError} where it fails. */
  readonly perform: (world: World<G>) => readonly Outcome<G>[]
  /** What a crash in the middle may leave. */
  readonly torn?: (world: World<G>) => readonly World<G>[]
}

/** How a step of a process goes. */
export interface Step {
  /** Which of several outcomes. */
  readonly outcome?: number
  /** It crashes in the middle of the operation, in this way. */
  readonly tear?: number
  /** The operation fails with this code, without effect. */
  readonly fault?: string
  /** A timer of the waiting process fires. */
  readonly wake?: boolean
}

/** Who wants to know how an execution goes. */
export interface Observer<G extends Ghost> {
  /** A step is complete. Returns whether the process is to go on at once. */
  stepped(world: World<G>, deed: Deed): boolean
  /** The operation that was just done could have ended otherwise. */
  branched(outcomes: number): void
}

/** Unwinds a process that is not to go on. */
const HALT = new Error('the simulated process is suspended')

/**
 * Runs the real code of one process from its beginning: what it has done before is answered from its history, and
 * what it then does happens in the world. So a process is suspended by unwinding it and resumed by running it anew;
 * synchronous code needs no thread for it.
 *
 * Code that catches the unwinding meets it again at each further operation, without effect.
 */
export class Execution<G extends Ghost> {
  #world: World<G>
  readonly #index: number
  readonly #observer: Observer<G>
  readonly #deeds: readonly Deed[]
  readonly #process: SimulatedProcess<G>
  readonly #programs: readonly Program<G>[]
  #history: History
  #replayed = 0
  /** The process has taken a new step in this execution. */
  #isLive = false
  #isHalted = false
  #step: Step
  #deed: Deed = { what: 'begin' }

  /**
   * `step` is the first new step. `identity` tells the process from others where it is not one of the scenario's.
   */
  constructor(
    programs: readonly Program<G>[],
    world: World<G>,
    index: number,
    step: Step,
    observer: Observer<G>,
    identity = index,
  ) {
    this.#programs = programs
    this.#world = world
    this.#index = index
    this.#observer = observer
    this.#history = world.processes[index]!.history
    this.#deeds = this.#history.deeds()
    this.#step = step
    this.#process = createSimulatedProcess(this, index, identity)
  }

  get machine(): Machine {
    return this.#world.machine
  }

  /** Runs until the observer halts it, the process waits, or it ends. */
  run(): void | Promise<void> {
    let result: unknown
    let ids = 0
    const prefix = `${nameOf(this.#index)}${this.#state.stage}`
    // The bundle asks for ids here. One process runs at a time, until the observer halts it.
    Object.assign(globalThis, { nextSimulatedId: () => `${prefix}-${(ids += 1)}` })
    try {
      result = this.#programs[this.#state.stage]!(this.#process)
    } catch (error) {
      this.#end(error)
      return
    }
    if (result instanceof Promise) return this.#runOn(result as Promise<void>)
    this.#end(undefined)
  }

  operate({ what, perform, torn }: Operation<G>): unknown {
    if (this.#replayed < this.#deeds.length) return this.#repeat(what)
    if (this.#isHalted) throw HALT
    if (this.#isLive) {
      const tears = torn?.(this.#world).length ?? 0
      this.#arrive({ status: 'ready', next: what, tears })
    }
    if (this.#isHalted) throw HALT
    this.#isLive = true
    const step = this.#step
    this.#step = {}
    if (step.tear !== undefined) this.#tear(what, torn?.(this.#world)[step.tear])
    try {
      if (step.fault !== undefined) throw new SimulatedError(step.fault, what)
      const outcomes = perform(this.#world)
      if (outcomes.length > 1 && step.outcome === undefined)
        this.#observer.branched(outcomes.length)
      const { world, result } = outcomes[step.outcome ?? 0]!
      this.#world = world
      this.#record({ what, result })
      return result
    } catch (error) {
      if (!(error instanceof SimulatedError)) throw error
      this.#record({ what, error: error.code })
      throw error
    }
  }

  /** Something that the process reads without anybody being able to come in between. */
  read<T>(what: string, look: (world: World<G>) => T): T {
    if (this.#replayed < this.#deeds.length) return this.#repeat(what) as T
    if (this.#isHalted) throw HALT
    const result = look(this.#world)
    this.#history = this.#history.with({ what, result })
    return result
  }

  /**
   * Blocks until the schedule wakes the process up, as a timer would wake one that waits. That comes again only when something
   * has changed since.
   */
  sleep(): void {
    if (this.#replayed < this.#deeds.length) {
      this.#repeat('wake')
      return
    }
    if (!this.#isHalted && this.#step.wake !== true) {
      this.#arrive({ status: 'idle', next: 'wake', tears: 0 })
      this.#isHalted = true
    }
    if (this.#isHalted) throw HALT
    this.#wake()
  }

  /** Changes what nobody else can notice, so that it is no point of its own. */
  change(alter: (files: SimulatedFiles) => SimulatedFiles): void {
    if (this.#isHalted || this.#isPast) return
    this.#world = { ...this.#world, files: alter(this.#world.files) }
  }

  /** Tells the observer's own record of the world what the process has just done. */
  note(change: (ghost: G, world: World<G>) => G): void {
    if (this.#isHalted || this.#isPast) return
    this.#world = { ...this.#world, ghost: change(this.#world.ghost, this.#world) }
  }

  get #state(): ProcessState {
    return this.#world.processes[this.#index]!
  }

  /** What the process does now was done before. Its very first steps are not, though nothing was recorded yet. */
  get #isPast(): boolean {
    return !this.#isLive && this.#deeds.length > 0
  }

  #repeat(what: string): unknown {
    const deed = this.#deeds[this.#replayed++]!
    if (deed.what !== what)
      throw new Error(`the code is not deterministic: it did "${deed.what}", now "${what}"`)
    if (deed.error !== undefined) throw new SimulatedError(deed.error, what)
    return deed.result
  }

  #record(deed: Deed): void {
    this.#deed = deed
    this.#history = this.#history.with(deed)
  }

  #arrive(change: Partial<ProcessState>): void {
    this.#world = withProcess(this.#world, this.#index, { ...change, history: this.#history })
    if (!this.#observer.stepped(this.#world, this.#deed)) this.#isHalted = true
  }

  #tear(what: string, torn: World<G> | undefined): never {
    this.#record({ what: `crash in ${what}` })
    const world = torn ?? this.#world
    this.#world = { ...world, files: world.files.closeAll(this.#index) }
    this.#arrive({ status: 'crashed', next: '', tears: 0 })
    this.#isHalted = true
    throw HALT
  }

  #end(error: unknown): void {
    if (this.#isHalted) return
    if (error !== undefined)
      this.note((ghost) => ({
        ...ghost,
        wrong: `process ${nameOf(this.#index)} failed: ${describe(error)}`,
      }))
    this.#world = { ...this.#world, files: this.#world.files.closeAll(this.#index) }
    const stage = this.#state.stage + 1
    if (stage === this.#programs.length) this.#arrive({ status: 'ended', next: '', tears: 0 })
    else {
      this.#history = beginOf(stage)
      this.#arrive({ status: 'ready', stage, next: BEGIN, tears: 0, seen: '' })
      this.#isHalted = true
    }
  }

  #wake(): void {
    this.#step = {}
    this.#isLive = true
    this.#world = withProcess(this.#world, this.#index, { seen: visiblePart(this.#world) })
    this.#record({ what: 'wake' })
  }

  async #runOn(result: Promise<void>): Promise<void> {
    let end: { readonly error: unknown } | undefined
    result.then(
      () => (end = { error: undefined }),
      (error: unknown) => (end = { error }),
    )
    await settle()
    while (end === undefined && !this.#isHalted) {
      if (this.#replayed < this.#deeds.length) this.#repeat('wake')
      else if (this.#step.wake) this.#wake()
      else {
        if (!this.#isPast) this.#arrive({ status: 'idle', next: 'wake', tears: 0 })
        break
      }
      this.#process.fireTimer()
      await settle()
    }
    if (end !== undefined) {
      this.#end(end.error)
      return
    }
    // What it registered outside the simulation must not outlive the execution.
    this.#isHalted = true
    this.#process.abandon(HALT)
    await settle()
  }
}

/** Lets everything that is ready to run do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function nameOf(index: number): string {
  return String.fromCharCode(65 + index)
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
