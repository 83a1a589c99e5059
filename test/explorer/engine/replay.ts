import { Behaviour } from './behaviour.js'
import { type Choice, formatChoice } from './choice.js'
import { applyChoice, beginWorld } from './apply-choice.js'
import type { Deed } from './history.js'
import { judgeEnd } from './judge-end.js'
import type { Scenario } from './scenario.js'
import type { Ghost } from './world.js'

/** Runs one schedule and returns each of its steps, and what is wrong at the end. */
export async function replay<G extends Ghost>(
  scenario: Scenario<G>,
  choices: readonly Choice[],
): Promise<readonly string[]> {
  const lines: string[] = []
  const behaviour = new Behaviour(scenario.programs)
  let world = beginWorld(scenario)
  for (const choice of choices) {
    const before =
      choice.kind === 'step' ? (world.processes[choice.process]?.history.length ?? 0) : 0
    const after = await applyChoice(behaviour, world, choice)
    if (after === undefined || after === world)
      return [...lines, `${formatChoice(choice)} is not to be had here`]
    world = after
    lines.push(`${formatChoice(choice).padEnd(4)}${describe(choice, before)}`)
    const wrong = world.ghost.wrong
    if (wrong !== undefined) return [...lines, `wrong: ${wrong}`]
  }
  const wrong = judgeEnd(scenario, world)
  lines.push(
    '',
    world.files.summary,
    '',
    wrong === undefined ? 'nothing is wrong' : `wrong: ${wrong}`,
  )
  return lines

  function describe(choice: Choice, before: number): string {
    if (choice.kind !== 'step') return choice.kind
    const { history, status } = world.processes[choice.process]!
    const deeds = history.deeds()
    // The histories of a process's programs are independent.
    return [
      ...deeds.slice(deeds.length < before ? 0 : before).map(format),
      ...(status === 'ready' ? [] : [status]),
    ].join('; ')
  }
}

function format({ what, result, error }: Deed): string {
  if (error !== undefined) return `${what} → ${error}`
  return result === undefined ? what : `${what} → ${JSON.stringify(result)}`
}
