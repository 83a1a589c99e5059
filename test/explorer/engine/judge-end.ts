import { runAlone } from './run-alone.js'
import type { Scenario } from './scenario.js'
import type { Ghost, World } from './world.js'

/** Returns what is wrong with a world in which nothing more happens; a failing newcomer is wrong, too. */
export function judgeEnd<G extends Ghost>(
  { checkEnd }: Scenario<G>,
  world: World<G>,
): string | undefined {
  let failure: string | undefined
  const wrong = checkEnd?.({
    world,
    runAlone: (program) => {
      const alone = runAlone(world, program)
      failure ??= alone.world.ghost.wrong
      return alone
    },
  })
  return wrong ?? failure
}
