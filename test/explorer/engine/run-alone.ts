import { Execution } from './execution.js'
import { type Deed, History } from './history.js'
import type { Program } from './program.js'
import { BEGIN, type Ghost, type ProcessState, type World } from './world.js'

/** Far more than any operation of the kit takes. */
const MAX_STEPS = 2000

const NOTHING = new History()

/** A process that is about to do its first operation. */
export const NEW_PROCESS: ProcessState = {
  status: 'ready',
  isStopped: false,
  stage: 0,
  history: NOTHING,
  next: BEGIN,
  tears: 0,
  seen: '',
}

/** Runs one more process in a world, without anybody coming in between. It must be synchronous. */
export function runAlone<G extends Ghost>(
  world: World<G>,
  program: Program<G>,
  identity = world.processes.length,
): { readonly world: World<G>; readonly deeds: readonly Deed[] } {
  const processes = [...world.processes, NEW_PROCESS]
  const deeds: Deed[] = []
  let after: World<G> = { ...world, processes }
  const execution = new Execution(
    [program],
    after,
    processes.length - 1,
    {},
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
  if (execution.run() !== undefined) throw new Error('a newcomer must be synchronous')
  if (deeds.length >= MAX_STEPS)
    after = { ...after, ghost: { ...after.ghost, wrong: 'a newcomer does not end' } }
  return { world: after, deeds }
}
