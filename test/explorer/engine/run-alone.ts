import { Behaviour } from './behaviour.js'
import type { Deed } from './history.js'
import { PLAIN } from './operation.js'
import type { Program } from './program.js'
import { takeTurn } from './take-turn.js'
import { MAX_STEPS } from './turn.js'
import { type Ghost, NEW_PROCESS, type World } from './world.js'

/** Runs one more process in a world, without interruption. It must be synchronous. */
export function runAlone<G extends Ghost>(
  world: World<G>,
  program: Program<G>,
  identity = world.processes.length,
): { readonly world: World<G>; readonly deeds: readonly Deed[] } {
  const processes = [...world.processes, NEW_PROCESS]
  const deeds: Deed[] = []
  let after: World<G> = { ...world, processes }
  const programs: Program<G>[][] = []
  programs[world.processes.length] = [program]
  const running = takeTurn(
    new Behaviour(programs),
    after,
    world.processes.length,
    PLAIN,
    {
      stepped: (next, deed) => {
        after = next
        deeds.push(deed)
        return deeds.length < MAX_STEPS
      },
      branched: () => undefined,
    },
    identity,
  )
  if (running !== undefined) throw new Error('a newcomer must be synchronous')
  if (deeds.length >= MAX_STEPS)
    after = { ...after, ghost: { ...after.ghost, wrong: 'a newcomer does not end' } }
  return { world: after, deeds }
}
