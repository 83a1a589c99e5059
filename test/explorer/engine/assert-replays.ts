import { applyChoice, beginWorld } from './apply-choice.js'
import { Behaviour } from './behaviour.js'
import { type Choice, formatSeed } from './choice.js'
import type { Scenario } from './scenario.js'
import type { Ghost, World } from './world.js'

/** A state and a schedule that leads to it. */
export interface Sample<G extends Ghost> {
  readonly world: World<G>
  readonly choices: readonly Choice[]
}

/**
 * Runs a schedule step by step, without anything remembered from the exploration.
 *
 * @throws Error if it leads to another state: then the memory does not match the code
 */
export async function assertReplays<G extends Ghost>(
  scenario: Scenario<G>,
  { world, choices }: Sample<G>,
): Promise<void> {
  const behaviour = new Behaviour(scenario.programs)
  let replayed: World<G> | undefined = beginWorld({ ...scenario, files: scenario.files.apart })
  for (const choice of choices)
    replayed = replayed && (await applyChoice(behaviour, replayed, choice))
  if (replayed === undefined || describe(replayed) !== describe(world))
    throw new Error(`${scenario.name}: ${formatSeed(choices)} leads to another state than before`)
}

function describe({ files, ghost, nowMs, processes }: World): string {
  const states = processes.map(({ status, isStopped, stage, next, history }) => [
    status,
    isStopped,
    stage,
    next,
    history.deeds(),
  ])
  return JSON.stringify([files.description, ghost, nowMs, states])
}
