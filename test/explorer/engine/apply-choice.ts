import type { Behaviour } from './behaviour.js'
import type { Choice } from './choice.js'
import type { Scenario } from './scenario.js'
import { START_MS } from './start-ms.js'
import { takeTurn } from './take-turn.js'
import { type Ghost, NEW_PROCESS, withProcess, type World } from './world.js'

const LEAP_MS = 3_600_000

/** Returns the world before the first step. */
export function beginWorld<G extends Ghost>({
  files,
  ghost,
  machine,
  nowMs = START_MS,
  programs,
}: Scenario<G>): World<G> {
  return { machine, files, ghost, nowMs, processes: programs.map(() => NEW_PROCESS) }
}

/** Returns the world after a choice; `undefined` if the choice is not available. */
export async function applyChoice<G extends Ghost>(
  behaviour: Behaviour<G>,
  world: World<G>,
  choice: Choice,
): Promise<World<G> | undefined> {
  const changed = applyOutside(world, choice)
  if (changed !== undefined || choice.kind !== 'step') return changed
  if (world.processes[choice.process]?.status === 'ended') return undefined
  let after: World<G> | undefined
  await takeTurn(behaviour, world, choice.process, choice.step, {
    stepped: (next) => {
      after = next
      return false
    },
    branched: () => undefined,
  })
  return after
}

/** Choices that no process executes. */
export function applyOutside<G extends Ghost>(
  world: World<G>,
  choice: Choice,
): World<G> | undefined {
  if (choice.kind === 'step') return undefined
  if (choice.kind === 'time') return { ...world, nowMs: world.nowMs + LEAP_MS }
  const { process } = choice
  if (choice.kind !== 'crash')
    return withProcess(world, process, { isStopped: choice.kind === 'stop' })
  const crashed = withProcess(world, process, { status: 'crashed', next: '', tears: 0 })
  return { ...crashed, files: crashed.files.closeAll(process) }
}
