import { History } from './history.js'
import type { Operation } from './operation.js'
import type { Program } from './program.js'
import type { Ghost, World } from './world.js'

/** A change that is not a separate point: a note of the observer, or one that no other process can notice. */
export type Effect<G extends Ghost> = (world: World<G>) => World<G>

/** Something that a process reads without interruption. */
export interface Read<G extends Ghost> {
  readonly kind: 'read'
  readonly what: string
  readonly look: (world: World<G>) => unknown
}

/** Where a process stops: before an operation, in a wait, or at its end. */
export type Stop<G extends Ghost> =
  | { readonly kind: 'operation'; readonly operation: Operation<G> }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly error?: string }

/** What a process does on its own until it needs an answer or stops. */
export interface Continuation<G extends Ghost> {
  readonly effects: readonly Effect<G>[]
  readonly then: Read<G> | Stop<G>
}

/**
 * What each process's code does after each of its histories, as far as seen. Code is deterministic given its history,
 * so it runs once for each history and not once for each state.
 */
export class Behaviour<G extends Ghost> {
  readonly #programs: readonly (readonly Program<G>[])[]
  readonly #beginnings = new Map<string, History>()
  readonly #known = new Map<History, Continuation<G>>()
  readonly #operations = new Map<string, Operation<G>>()

  constructor(programs: readonly (readonly Program<G>[])[]) {
    this.#programs = programs
  }

  /** The programs of a process, one after the other. */
  programsOf(index: number): readonly Program<G>[] {
    return this.#programs[index]!
  }

  /** Returns the empty history of a process that begins its first, second, … program: what it did before does not count. */
  beginningOf(index: number, stage: number): History {
    const key = `${index} ${stage}`
    let beginning = this.#beginnings.get(key)
    if (beginning === undefined) {
      beginning = new History()
      this.#beginnings.set(key, beginning)
    }
    return beginning
  }

  /** Returns what follows a history; `undefined` if the code has to run. */
  after(history: History): Continuation<G> | undefined {
    return this.#known.get(history)
  }

  learn(index: number, history: History, { effects, then }: Continuation<G>): void {
    if (this.#known.has(history)) return
    this.#known.set(history, {
      effects,
      then: then.kind === 'operation' ? this.#same(index, then) : then,
    })
  }

  /** Returns one object for all equal operations, so that they share what is remembered. */
  #same(index: number, { operation }: { readonly operation: Operation<G> }): Stop<G> {
    const key = `${index} ${operation.what}`
    const known = this.#operations.get(key)
    if (known === undefined) this.#operations.set(key, operation)
    return { kind: 'operation', operation: known ?? operation }
  }
}
