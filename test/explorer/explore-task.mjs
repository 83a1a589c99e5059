import { loadExplorer } from './bundle.mjs'
import { changesOf, scenariosOf } from './tasks.mjs'

/** Bounds of one exploration, by size: only a fault reaches them, or a scenario that is too large. */
const LIMITS = {
  short: { maxStates: 400_000, maxMs: 600_000 },
  long: { maxStates: 20_000_000, maxMs: 7_200_000 },
}

/**
 * Explores one task. Each violation must recur when its seed is replayed, or this throws.
 *
 * @param {import('./tasks.mjs').Task} task
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 * @returns {Promise<import('./tasks.mjs').Row>}
 */
export async function exploreTask(task, size) {
  // Most failing operations fail by design, and their stack traces are not needed.
  Error.stackTraceLimit = 0
  const isReal = task.variant === 'real'
  const explorer = await loadExplorer({
    name: task.variant,
    platform: task.platform,
    changes: changesOf(task.variant),
  })
  const scenario = findScenario(explorer, task.scenario, isReal ? size : 'short')
  const began = performance.now()
  const { violations, ...figures } = await explorer.explore(scenario, {
    ...LIMITS[size],
    maxViolations: isReal ? 5 : 1,
  })
  for (const { message, choices } of violations) {
    const steps = await explorer.replay(scenario, choices)
    if (steps.at(-1) !== `wrong: ${message}`)
      throw new Error(`${explorer.formatSeed(choices)} does not show again: ${message}`)
  }
  return {
    ...task,
    ...figures,
    seconds: (performance.now() - began) / 1000,
    violations: violations.map(({ message, choices }) => ({
      message,
      seed: explorer.formatSeed(choices),
    })),
  }
}

/**
 * Replays a schedule and returns its steps.
 *
 * @param {import('./tasks.mjs').Task} task
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 * @param {string} seed
 */
export async function replayTask(task, size, seed) {
  const explorer = await loadExplorer({
    name: task.variant,
    platform: task.platform,
    changes: changesOf(task.variant),
  })
  return explorer.replay(findScenario(explorer, task.scenario, size), explorer.parseSeed(seed))
}

/**
 * @param {typeof import('./main.ts')} explorer
 * @param {string} name
 * @param {import('./scenarios/lock-scenarios.ts').Size} size
 */
function findScenario(explorer, name, size) {
  const all = [...scenariosOf(explorer, size), explorer.staleBreakScenario()]
  const scenario = all.find((candidate) => candidate.name === name)
  if (scenario === undefined) throw new TypeError(`there is no scenario ${JSON.stringify(name)}`)
  return scenario
}
