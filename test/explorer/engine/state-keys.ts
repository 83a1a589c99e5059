import type { Budget } from './explore.js'
import type { Limits } from './scenario.js'
import type { World } from './world.js'

/** Gives equal states equal keys. */
export class StateKeys {
  readonly #numbers = new Map<string, number>()

  of(world: World, budget: Budget, limits: Limits): string {
    const processes = world.processes.map(
      ({ status, isStopped, stage, history, seen }) =>
        `${history.number}${stage}${status[0]}${isStopped ? '-' : ''}${status === 'idle' ? this.#numberOf(seen) : ''}`,
    )
    const { preemptions, crashes, faults, stops, leaps, last } = budget
    // Without a bound it does not matter who came last, and fewer states are different.
    const bound = limits.preemptions === undefined ? '' : `${preemptions}/${last}`
    const files = this.#numberOf(world.files.key)
    const ghost = this.#numberOf(JSON.stringify(world.ghost))
    return `${processes.join()} ${files} ${ghost} ${world.nowMs} ${crashes}/${faults}/${stops}/${leaps} ${bound}`
  }

  /** Long texts as short numbers. */
  #numberOf(text: string): number {
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(text, number)
    }
    return number
  }
}
