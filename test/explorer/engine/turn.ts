import type { Behaviour, Effect, Read, Stop } from './behaviour.js'
import type { Deed, History } from './history.js'
import { type Operation, PLAIN, type Step } from './operation.js'
import { SimulatedError } from './simulated-error.js'
import {
  BEGIN,
  type Ghost,
  NOTHING_DONE,
  type ProcessState,
  viewOf,
  withProcess,
  type World,
} from './world.js'

/** Far more steps than any operation of the kit takes. */
export const MAX_STEPS = 2000

/** Observes the course of a turn. */
export interface Observer<G extends Ghost> {
  /** A step is complete. Returns whether the process should continue immediately. */
  stepped(world: World<G>, deed: Deed): boolean
  /** The last operation could have had another outcome. */
  branched(outcomes: number): void
}

/** Consecutive steps of one process, until its observer stops it, it waits, or it ends. */
export class Turn<G extends Ghost> {
  readonly index: number
  readonly behaviour: Behaviour<G>
  readonly #observer: Observer<G>
  #world: World<G>
  #history: History
  #deed: Deed = { what: BEGIN }
  /** How the next operation goes. */
  #step: Step
  /** Its first operation belongs to the step in which it begins. */
  #isBeginning = false
  #isOver = false

  /** Begins with `step`, the process's next step. */
  constructor(
    behaviour: Behaviour<G>,
    world: World<G>,
    index: number,
    step: Step,
    observer: Observer<G>,
  ) {
    this.behaviour = behaviour
    this.#world = world
    this.index = index
    this.#step = step
    this.#observer = observer
    const { history, next, stage } = this.#state
    this.#history = history
    if (next === BEGIN) {
      this.#isBeginning = true
      this.#history = behaviour.beginningOf(index, stage)
    } else this.#takeFirst()
  }

  get world(): World<G> {
    return this.#world
  }

  get history(): History {
    return this.#history
  }

  get stage(): number {
    return this.#state.stage
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Continues as far as the process's behaviour is known. Returns false if its code has to run. */
  follow(): boolean {
    while (!this.#isOver) {
      const known = this.behaviour.after(this.#history)
      if (known === undefined) return false
      for (const effect of known.effects) this.apply(effect)
      const { then } = known
      if (then.kind === 'read') this.read(then)
      else {
        this.arrive(then)
        if (!this.#isOver && then.kind === 'operation') this.perform(then.operation)
      }
    }
    return true
  }

  apply(effect: Effect<G>): void {
    this.#world = effect(this.#world)
  }

  read({ what, look }: Read<G>): unknown {
    const result = look(this.#world)
    this.#history = this.#history.with({ what, result })
    return result
  }

  /** Performs an operation and returns the result. */
  perform(operation: Operation<G>): Deed {
    const { outcome, fault } = this.#step
    this.#step = PLAIN
    const { what } = operation
    try {
      if (fault !== undefined) throw new SimulatedError(fault, what)
      const outcomes = operation.perform(this.#world)
      if (outcomes.length > 1 && outcome === undefined) this.#observer.branched(outcomes.length)
      const { world, result } = outcomes[outcome ?? 0]!
      this.#world = world
      return this.#record({ what, result })
    } catch (error) {
      if (!(error instanceof SimulatedError)) throw error
      return this.#record({ what, error: error.code })
    }
  }

  /** The process reaches a point where others can come in between. */
  arrive(stop: Stop<G>): void {
    if (stop.kind === 'operation') {
      if (this.#isBeginning) this.#isBeginning = false
      else
        this.#pass({
          status: 'ready',
          next: stop.operation.what,
          tears: stop.operation.tears?.length ?? 0,
        })
      return
    }
    if (stop.kind === 'wait') this.#pass({ status: 'idle', next: 'wake', tears: 0 })
    else this.#end(stop.error)
    this.#isOver = true
  }

  get #state(): ProcessState {
    return this.#world.processes[this.index]!
  }

  #takeFirst(): void {
    const then = this.behaviour.after(this.#history)?.then
    if (then?.kind === 'wait') {
      this.#world = withProcess(this.#world, this.index, { seen: viewOf(this.#world) })
      this.#record({ what: 'wake' })
    } else if (then?.kind === 'operation') {
      if (this.#step.tear === undefined) this.perform(then.operation)
      else this.#tear(then.operation, this.#step.tear)
    }
  }

  #record(deed: Deed): Deed {
    this.#deed = deed
    this.#history = this.#history.with(deed)
    return deed
  }

  #pass(change: Partial<ProcessState>): void {
    this.#world = withProcess(this.#world, this.index, { history: this.#history, ...change })
    if (!this.#observer.stepped(this.#world, this.#deed)) this.#isOver = true
  }

  #tear({ what, tears }: Operation<G>, tear: number): void {
    this.#record({ what: `crash in ${what}` })
    const world = tears?.[tear]?.(this.#world) ?? this.#world
    this.#world = { ...world, files: world.files.closeAll(this.index) }
    this.#pass({ status: 'crashed', next: '', tears: 0 })
    this.#isOver = true
  }

  #end(error: string | undefined): void {
    const { ghost, files } = this.#world
    const wrong = error ?? ghost.wrong
    this.#world = {
      ...this.#world,
      ghost: wrong === ghost.wrong ? ghost : { ...ghost, wrong },
      files: files.closeAll(this.index),
    }
    const stage = this.stage + 1
    if (stage === this.behaviour.programsOf(this.index).length)
      this.#pass({ status: 'ended', next: '', tears: 0 })
    else
      this.#pass({
        status: 'ready',
        stage,
        history: NOTHING_DONE,
        next: BEGIN,
        tears: 0,
        seen: undefined,
      })
  }
}
