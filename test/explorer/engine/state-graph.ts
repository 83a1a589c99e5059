import type { Choice } from './choice.js'

/** The states that were met, how they were reached and how they follow each other. */
export class StateGraph {
  readonly #ids = new Map<string, number>()
  readonly #parents: number[] = []
  readonly #choices: (Choice | undefined)[] = []
  /** Pairs of states, one behind the other. */
  readonly #edges: number[] = []

  get size(): number {
    return this.#ids.size
  }

  /** Notes that `choice` leads from one state to that with this key. */
  add(
    key: string,
    from: number | undefined,
    choice: Choice | undefined,
  ): { readonly id: number; readonly isNew: boolean } {
    const known = this.#ids.get(key)
    const id = known ?? this.#ids.size
    if (from !== undefined) this.#edges.push(from, id)
    if (known !== undefined) return { id, isNew: false }
    this.#ids.set(key, id)
    this.#parents.push(from ?? -1)
    this.#choices.push(choice)
    return { id, isNew: true }
  }

  /** The choices that first led to a state. */
  pathTo(id: number): Choice[] {
    const path: Choice[] = []
    for (let at = id; at >= 0; at = this.#parents[at]!) {
      const choice = this.#choices[at]
      if (choice !== undefined) path.push(choice)
    }
    return path.reverse()
  }

  /** The number of ways from the first state to one that nothing follows. The graph has no cycles: histories only grow. */
  countPaths(): number {
    const incoming = new Uint32Array(this.size)
    const degree = new Uint32Array(this.size + 1)
    for (let at = 0; at < this.#edges.length; at += 2) {
      degree[this.#edges[at]! + 1]! += 1
      incoming[this.#edges[at + 1]!]! += 1
    }
    for (let id = 0; id < this.size; id += 1) degree[id + 1]! += degree[id]!
    const targets = new Uint32Array(this.#edges.length / 2)
    const filled = degree.slice()
    for (let at = 0; at < this.#edges.length; at += 2)
      targets[filled[this.#edges[at]!]!++] = this.#edges[at + 1]!
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
}
