import type { Budget } from './budget.js'
import type { Ghost, ProcessState, World } from './world.js'

/** Gives equal states equal keys, and the equal parts of different states one object. */
export class StateKeys<G extends Ghost> {
  readonly #ghosts = new Map<string, G>()
  readonly #ghostNumbers = new Map<G, number>()

  /** The same world, with parts that others have as well. */
  shared(world: World<G>): World<G> {
    return { ...world, files: world.files.shared, ghost: this.#shared(world.ghost) }
  }

  /** Says all that counts of a shared world, but for how often a process may still be interrupted. */
  of(
    { processes, files, ghost, nowMs }: World<G>,
    { crashes, faults, stops, leaps }: Budget,
  ): string {
    let key = `${files.number} ${this.#ghostNumbers.get(ghost)}`
    for (const process of processes) key += ` ${keyOf(process)}`
    return `${key} ${nowMs} ${crashes}/${faults}/${stops}/${leaps}`
  }

  /** The same of a world in which nothing more happens. */
  ofEnd({ processes, files, ghost }: World<G>): string {
    const statuses = processes.map(({ status }) => status)
    return `${files.number} ${this.#ghostNumbers.get(ghost)} ${statuses.join()}`
  }

  #shared(ghost: G): G {
    if (this.#ghostNumbers.has(ghost)) return ghost
    const text = JSON.stringify(ghost)
    const known = this.#ghosts.get(text)
    if (known !== undefined) return known
    this.#ghosts.set(text, ghost)
    this.#ghostNumbers.set(ghost, this.#ghostNumbers.size)
    return ghost
  }
}

/** What a process did that has come to its end counts only by what it left. */
function keyOf({ status, isStopped, stage, history, seen }: ProcessState): string {
  if (status === 'ended' || status === 'crashed') return status
  const view = status === 'idle' && seen !== undefined ? `${seen.files.number}|${seen.rest}` : ''
  return `${history.number}.${stage}${status[0]}${isStopped ? '-' : ''}${view}`
}
