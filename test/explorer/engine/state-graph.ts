import { type Choice, plainStep, sharedChoice } from './choice.js'
import { NumberList } from './number-list.js'

/** What a schedule can still do: a schedule that can do more covers it. */
export interface Allowance {
  /** How many interruptions are left. */
  readonly preemptions: number
  /** Which process another one's step would interrupt; −1 for none. */
  readonly last: number
}

/** From one state to another: a choice, followed by that many plain steps of the same process. */
export interface Way {
  readonly choice: Choice
  readonly plainSteps: number
}

export const NOBODY = -1

/** Stands for infinity. */
const ANY_NUMBER = 0xff_ff_ff_ff

/** A Map holds at most 2^24 entries. */
const MAPS = 16

/** The states found so far, how they were reached and how they follow each other. */
export class StateGraph {
  /** The newest state with each key. */
  readonly #newest = Array.from({ length: MAPS }, () => new Map<string, number>())
  /** The one before it with the same key, plus one. */
  readonly #older = new NumberList()
  /** Each state's remaining interruptions, and its last process, plus one. */
  readonly #preemptions = new NumberList()
  readonly #lasts = new NumberList()
  readonly #parents = new NumberList()
  readonly #choices: (Choice | undefined)[] = []
  /** How many plain steps followed it. */
  readonly #plainSteps = new NumberList()
  /** Pairs of consecutive states. */
  readonly #sources = new NumberList()
  readonly #targets = new NumberList()

  get size(): number {
    return this.#choices.length
  }

  /**
   * Records that a path leads from one state to another with this key and allowance. An existing state with the same
   * key that allows at least as much stands for it.
   */
  add(
    key: string,
    allowance: Allowance,
    from: number | undefined,
    way: Way | undefined,
  ): { readonly id: number; readonly isNew: boolean } {
    const newest = this.#newest[shardOf(key)]!
    const known = newest.get(key)
    let id = known ?? -1
    while (id >= 0 && !this.#covers(id, allowance)) id = this.#older.at(id) - 1
    const isNew = id < 0
    if (isNew) {
      id = this.size
      newest.set(key, id)
      this.#older.push((known ?? -1) + 1)
      this.#preemptions.push(Math.min(allowance.preemptions, ANY_NUMBER))
      this.#lasts.push(allowance.last + 1)
      this.#parents.push((from ?? -1) + 1)
      this.#choices.push(way && sharedChoice(way.choice))
      this.#plainSteps.push(way?.plainSteps ?? 0)
    }
    if (from !== undefined) {
      this.#sources.push(from)
      this.#targets.push(id)
    }
    return { id, isNew }
  }

  /** Returns the choices that first led to a state. */
  pathTo(id: number): Choice[] {
    const path: Choice[] = []
    for (let at = id; at >= 0; at = this.#parents.at(at) - 1) {
      const choice = this.#choices[at]
      if (choice === undefined) continue
      if (choice.kind === 'step')
        for (let left = this.#plainSteps.at(at); left > 0; left -= 1)
          path.push(plainStep(choice.process))
      path.push(choice)
    }
    return path.reverse()
  }

  /**
   * Returns the number of paths from the first state to one that nothing follows. The graph has no cycles: a key's
   * record of processes, and of what can still go wrong, only moves forward.
   */
  countPaths(): number {
    const incoming = new Uint32Array(this.size)
    const degree = new Uint32Array(this.size + 1)
    for (let at = 0; at < this.#sources.length; at += 1) {
      degree[this.#sources.at(at) + 1]! += 1
      incoming[this.#targets.at(at)]! += 1
    }
    for (let id = 0; id < this.size; id += 1) degree[id + 1]! += degree[id]!
    const targets = new Uint32Array(this.#sources.length)
    const filled = degree.slice()
    for (let at = 0; at < this.#sources.length; at += 1)
      targets[filled[this.#sources.at(at)]!++] = this.#targets.at(at)
    const paths = new Float64Array(this.size)
    paths[0] = 1
    const ready = [0]
    let total = 0
    for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
      if (degree[id] === degree[id + 1]) total += paths[id]!
      for (let at = degree[id]!; at < degree[id + 1]!; at += 1) {
        const target = targets[at]!
        paths[target]! += paths[id]!
        incoming[target]! -= 1
        if (incoming[target] === 0) ready.push(target)
      }
    }
    return total
  }

  /**
   * A state with one more interruption covers the other one: it interrupts immediately. If there is nothing to
   * interrupt, any process's step is free.
   */
  #covers(id: number, { preemptions, last }: Allowance): boolean {
    const own = this.#lasts.at(id) - 1
    const isAlike = own === last || own === NOBODY
    return this.#preemptions.at(id) >= Math.min(preemptions, ANY_NUMBER) + (isAlike ? 0 : 1)
  }
}

function shardOf(key: string): number {
  return (key.charCodeAt(0) * 5 + key.charCodeAt(1) * 3 + key.charCodeAt(2)) % MAPS
}
