import type { Budget } from './budget.js'
import type { Ghost, ProcessState, World } from './world.js'

/** Assigns equal states equal keys, and the equal parts of different states one object. */
export class StateKeys<G extends Ghost> {
  readonly #ghosts = new Map<string, G>()
  readonly #ghostNumbers = new Map<G, number>()

  /** Returns the same world, with shared parts. */
  shared(world: World<G>): World<G> {
    return { ...world, files: world.files.shared, ghost: this.#shared(world.ghost) }
  }

  /** Returns everything that counts of a shared world, except how often a process can still be interrupted. */
  of(
    { processes, files, ghost, nowMs }: World<G>,
    { crashes, faults, stops, leaps }: Budget,
  ): string {
    let key = `${files.number} ${this.#ghostNumbers.get(ghost)}`
    for (const process of processes) key += ` ${keyOf(process)}`
    return `${key} ${nowMs} ${crashes}/${faults}/${stops}/${leaps}`
  }

  /** Returns the same for a world in which nothing more happens. */
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

/** A process that has ended counts only by what it left. */
function keyOf({ status, isStopped, stage, history, seen }: ProcessState): string {
  if (status === 'ended' || status === 'crashed') return status
  const view = status === 'idle' && seen !== undefined ? `${seen.files.number}|${seen.rest}` : ''
  return `${history.number}.${stage}${status[0]}${isStopped ? '-' : ''}${view}`
}
