import type { Behaviour } from './behaviour.js'
import { Execution } from './execution.js'
import type { Step } from './operation.js'
import { type Observer, Turn } from './turn.js'
import type { Ghost, World } from './world.js'

/**
 * Lets a process continue, beginning with `step`, for as long as the observer likes. Runs its code only if its
 * behaviour is unknown.
 */
export function takeTurn<G extends Ghost>(
  behaviour: Behaviour<G>,
  world: World<G>,
  index: number,
  step: Step,
  observer: Observer<G>,
  identity?: number,
): void | Promise<void> {
  const turn = new Turn(behaviour, world, index, step, observer)
  if (!turn.follow()) return new Execution(turn, identity).run()
}
