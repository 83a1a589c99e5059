import { History } from './history.js'
import type { Operation } from './operation.js'
import type { Program } from './program.js'
import type { Ghost, World } from './world.js'

/** A change that is no point of its own: a note of the observer, or what nobody else can notice. */
export type Effect<G extends Ghost> = (world: World<G>) => World<G>

/** Something that a process reads without anybody being able to come in between. */
export interface Read<G extends Ghost> {
  readonly kind: 'read'
  readonly what: string
  readonly look: (world: World<G>) => unknown
}

/** Where a process arrives: in front of an operation, in a wait, or at its end. */
export type Stop<G extends Ghost> =
  | { readonly kind: 'operation'; readonly operation: Operation<G> }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly error?: string }

/** What a process does by itself, until it needs an answer or stops. */
export interface Continuation<G extends Ghost> {
  readonly effects: readonly Effect<G>[]
  readonly then: Read<G> | Stop<G>
}

/**
 * What the code of each process does after each of its histories, as far as it was seen. Code is deterministic given its
 * history, so it is run once for each history and not once for each state.
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

  /** The empty history of a process that begins its first, second, … program: what it did before does not count. */
  beginningOf(index: number, stage: number): History {
    const key = `${index} ${stage}`
    let beginning = this.#beginnings.get(key)
    if (beginning === undefined) {
      beginning = new History()
      this.#beginnings.set(key, beginning)
    }
    return beginning
  }

  /** What comes after a history; `undefined` where the code has to be asked. */
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

  /** One object for all equal operations, so that what one of them remembers serves all. */
  #same(index: number, { operation }: { readonly operation: Operation<G> }): Stop<G> {
    const key = `${index} ${operation.what}`
    const known = this.#operations.get(key)
    if (known === undefined) this.#operations.set(key, operation)
    return { kind: 'operation', operation: known ?? operation }
  }
}
