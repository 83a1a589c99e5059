import type { Continuation, Effect, Stop } from './behaviour.js'
import type { Deed } from './history.js'
import type { Operation } from './operation.js'
import type { SimulatedProcess } from './program.js'
import { createSimulatedProcess } from './simulated-process.js'
import { SimulatedError } from './simulated-error.js'
import type { SimulatedFiles } from './simulated-files.js'
import type { Turn } from './turn.js'
import type { Ghost, Machine, World } from './world.js'

/** Unwinds a process that must not continue. */
const HALT = new Error('the simulated process is suspended')

/**
 * Runs the real code of one process from its beginning: what it has done before is answered from its history, and what
 * it then does happens in its turn. So a process is suspended by unwinding it and resumed by rerunning it; synchronous
 * code needs no thread for it.
 *
 * Code that catches the unwinding gets it again at each further operation, without effect.
 */
export class Execution<G extends Ghost> {
  readonly #turn: Turn<G>
  readonly #deeds: readonly Deed[]
  readonly #process: SimulatedProcess<G>
  #replayed = 0
  #operations = 0
  /** Why the execution is invalid. The kit's code may have caught it. */
  #broken: Error | undefined
  /** What the process has done on its own since its last deed. */
  #effects: Effect<G>[] = []

  /** `identity` identifies a process that is not one of the scenario's. */
  constructor(turn: Turn<G>, identity = turn.index) {
    this.#turn = turn
    this.#deeds = turn.history.deeds()
    this.#process = createSimulatedProcess(this, turn.index, identity)
  }

  get machine(): Machine {
    return this.#turn.world.machine
  }

  /** Runs until the turn is over. Throws if the code does not repeat what it did before. */
  run(): void | Promise<void> {
    const running = this.#run()
    if (running === undefined) this.#assertSound()
    return running?.then(() => {
      this.#assertSound()
    })
  }

  /** Ends the exploration: the code does not do what would be explored. */
  fail(reason: string): never {
    this.#broken ??= new Error(reason)
    throw this.#broken
  }

  #assertSound(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  #run(): void | Promise<void> {
    const { behaviour, index, stage } = this.#turn
    let ids = 0
    const prefix = `${nameOf(index)}${stage}`
    // The bundle gets its ids here. Executions do not overlap: another one begins inside only when this turn is over.
    Object.assign(globalThis, { nextSimulatedId: () => `${prefix}-${(ids += 1)}` })
    let result: unknown
    try {
      result = behaviour.programsOf(index)[stage]!(this.#process)
    } catch (error) {
      this.#end(error)
      return
    }
    if (result instanceof Promise) return this.#runOn(result as Promise<void>)
    this.#end(undefined)
  }

  /** How many operations the code has requested. */
  get operations(): number {
    return this.#operations
  }

  operate(operation: Operation<G>): unknown {
    this.#operations += 1
    this.#assertSound()
    if (this.#isPast) return this.#repeat(operation.what)
    this.#stop({ kind: 'operation', operation })
    return resultOf(this.#turn.perform(operation))
  }

  /** Reads something without interruption. */
  read<T>(what: string, look: (world: World<G>) => T): T {
    if (this.#isPast) return this.#repeat(what) as T
    if (this.#turn.isOver) throw HALT
    const read = { kind: 'read', what, look } as const
    this.#learn(read)
    return this.#turn.read(read) as T
  }

  /**
   * Blocks until the schedule wakes the process, as a timer wakes a waiter. The next wake-up comes only when something
   * has changed since.
   */
  sleep(): void {
    this.#operations += 1
    this.#assertSound()
    if (this.#isPast) this.#repeat('wake')
    else this.#stop({ kind: 'wait' })
  }

  /** Makes a change that no other process can notice, so it is not a separate point. */
  change(alter: (files: SimulatedFiles) => SimulatedFiles): void {
    this.#effect((world) => ({ ...world, files: alter(world.files) }))
  }

  /** Updates the observer's record of the world with what the process has just done. */
  note(change: (ghost: G, world: World<G>) => G): void {
    this.#effect((world) => ({ ...world, ghost: change(world.ghost, world) }))
  }

  /** Whether what the process does now was done before. */
  get #isPast(): boolean {
    return this.#replayed < this.#deeds.length
  }

  #repeat(what: string): unknown {
    const deed = this.#deeds[this.#replayed++]!
    if (deed.what !== what)
      this.fail(`the code is not deterministic: it did "${deed.what}", now "${what}"`)
    return resultOf(deed)
  }

  #effect(effect: Effect<G>): void {
    if (this.#isPast || this.#turn.isOver) return
    this.#effects.push(effect)
    this.#turn.apply(effect)
  }

  #learn(then: Continuation<G>['then']): void {
    const { behaviour, history, index } = this.#turn
    behaviour.learn(index, history, { effects: this.#effects, then })
    this.#effects = []
  }

  #stop(stop: Stop<G>): void {
    if (this.#turn.isOver) throw HALT
    this.#learn(stop)
    try {
      this.#turn.arrive(stop)
    } catch (error) {
      this.#broken ??= error as Error
      throw error
    }
    if (this.#turn.isOver) throw HALT
  }

  #end(error: unknown): void {
    if (this.#turn.isOver || this.#broken !== undefined) return
    if (this.#isPast)
      this.fail('the code is not deterministic: it ended before it did what it had done')
    const stop: Stop<G> = {
      kind: 'end',
      ...(error !== undefined && {
        error: `process ${nameOf(this.#turn.index)} failed: ${describe(error)}`,
      }),
    }
    this.#learn(stop)
    this.#turn.arrive(stop)
  }

  async #runOn(result: Promise<void>): Promise<void> {
    let end: { readonly error: unknown } | undefined
    result.then(
      () => (end = { error: undefined }),
      (error: unknown) => (end = { error }),
    )
    await settle()
    while (end === undefined && !this.#turn.isOver && this.#isPast) {
      this.#repeat('wake')
      this.#operations += 1
      this.#process.fireTimer()
      await settle()
    }
    if (end !== undefined) {
      this.#end(end.error)
      return
    }
    if (!this.#turn.isOver) {
      const stop: Stop<G> = { kind: 'wait' }
      this.#learn(stop)
      this.#turn.arrive(stop)
    }
    // What it registered outside the simulation must not outlive the execution.
    this.#process.abandon(HALT)
    await settle()
  }
}

/** Lets everything that is ready to run do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function nameOf(index: number): string {
  return String.fromCharCode(65 + index)
}

function resultOf({ what, result, error }: Deed): unknown {
  if (error !== undefined) throw new SimulatedError(error, what)
  return result
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
