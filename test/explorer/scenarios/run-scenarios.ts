import { CliOpsError } from '../../../packages/core/src/base/errors/cli-ops-error.js'
import { HolderReplacer } from '../../../packages/core/src/command/runs/holder-replacer.js'
import { markRun } from '../../../packages/core/src/command/runs/run-mark.js'
import { takeStepsNow } from '../../../packages/core/src/command/runs/steps.js'
import { Home } from '../../../packages/core/src/drivers/local/home/home.js'
import { blockForTurn } from '../../../packages/core/src/drivers/local/locks/block-for-turn.js'
import { LockContext } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import { nextLockId } from '../../../packages/core/src/locks/contract/lock-id.js'
import type {
  LockDriver,
  LockGrant,
} from '../../../packages/core/src/locks/contract/lock-driver.js'
import { runMarkName } from '../../../packages/core/src/locks/contract/slot-name.js'
import { prepareFiles } from '../engine/prepare-files.js'
import type { Program, SimulatedProcess } from '../engine/program.js'
import type { End, Limits, Scenario } from '../engine/scenario.js'
import { HOME } from '../engine/simulated-file-system.js'
import type { Ghost } from '../engine/world.js'
import { cleans, openLocks, used } from './lock-programs.js'
import type { Size } from './lock-scenarios.js'
import { MACHINE } from './machine.js'

const RESOURCE = 'db'

/** What the observer knows of runs that replace one another. */
export interface RunGhost extends Ghost {
  /** The running process. */
  readonly inside: number | undefined
  /** The pids that were asked to end. */
  readonly asked: readonly number[]
}

/** Runs whose rule says that they replace one another. */
export function runScenarios(size: Size): Scenario<RunGhost>[] {
  const isShort = size === 'short'
  const short = [
    runScenario('two that ask one to end', [runs, asks, asks], { preemptions: 3, crashes: 1 }),
    runScenario('two runs that replace', [replaces, replaces], {
      preemptions: isShort ? 1 : 4,
      crashes: 1,
    }),
  ]
  if (isShort) return short
  return [
    ...short,
    runScenario('three runs that replace', [replaces, replaces, replaces], { preemptions: 2 }),
  ]
}

function runScenario(
  name: string,
  programs: readonly Program<RunGhost>[],
  limits: Limits,
): Scenario<RunGhost> {
  return {
    name,
    limits,
    machine: MACHINE,
    files: prepareFiles(MACHINE, [used]),
    ghost: { inside: undefined, asked: [] },
    programs: programs.map((program) => [program]),
    checkEnd,
  }
}

/** A run as the plugins do it: its marks exist before it has the lock, and go after it. */
const replaces: Program<RunGhost> = (process) => {
  const locks = openLocks(process)
  const mark = takeStepsNow(markRun(locks, RESOURCE, () => undefined))
  const asked = { resource: RESOURCE, mode: 'exclusive', id: nextLockId(), held: [] } as const
  const grant = locks.tryAcquireSync!(asked) ?? block()
  if (grant !== null) hold(process, grant)
  mark.releaseSync()

  function block(): LockGrant | null {
    const context = new LockContext(new Home(HOME, '', process.fileSystem), process.surroundings)
    const onPause = replacing(process, locks)
    return blockForTurn(context, asked, { timeoutMs: Infinity, onPause })
  }
}

/** The same if the lock is free, or is left alone. */
const runs: Program<RunGhost> = (process) => {
  const locks = openLocks(process)
  const mark = takeStepsNow(markRun(locks, RESOURCE, () => undefined))
  const grant = locks.tryAcquireSync!({
    resource: RESOURCE,
    mode: 'exclusive',
    id: nextLockId(),
    held: [],
  })
  if (grant !== null) hold(process, grant)
  mark.releaseSync()
}

/** A waiter checks once. */
const asks: Program<RunGhost> = (process) => {
  replacing(process, openLocks(process))()
}

/** What a waiting run does now and then. All holders of the lock here can be replaced, and so can be asked to end. */
function replacing(process: SimulatedProcess<RunGhost>, locks: LockDriver): () => void {
  const replacer = new HolderReplacer(locks, RESOURCE, {
    graceMs: Infinity,
    findDeadlock: () => undefined,
  })
  return () => {
    Object.assign(globalThis, { simulatedSignal: (pid: number) => ask(process, pid) })
    try {
      takeStepsNow(replacer.look())
    } catch (error) {
      if (!(error instanceof CliOpsError)) throw error
      const { message } = error
      process.note((ghost) => ({ ...ghost, wrong: `is refused by one that may be: ${message}` }))
    }
  }
}

function hold(process: SimulatedProcess<RunGhost>, grant: LockGrant): void {
  process.note((ghost, { processes }) => {
    const { inside } = ghost
    const isBeside = inside !== undefined && processes[inside]?.status !== 'crashed'
    const wrong = isBeside ? `${process.index} runs beside ${inside}` : ghost.wrong
    return { ...ghost, wrong, inside: process.index }
  })
  process.pause('run')
  process.note((ghost) => ({ ...ghost, inside: undefined }))
  grant.releaseSync?.()
}

/** Once is enough: a second signal ends a program that is cleaning up. */
function ask(process: SimulatedProcess<RunGhost>, pid: number): void {
  process.note((ghost) => {
    const { asked } = ghost
    let { wrong } = ghost
    if (asked.includes(pid)) wrong = `${pid} is asked to end twice`
    if (pid === process.surroundings.identity().pid) wrong = `${pid} asks itself to end`
    return { ...ghost, wrong, asked: [...asked, pid] }
  })
}

/** Checks that no live process waits, and that neither a lock nor a mark is left. */
function checkEnd({ world, runAlone }: End<RunGhost>): string | undefined {
  const waiting = world.processes.flatMap(({ status }, index) => (status === 'idle' ? [index] : []))
  if (waiting.length > 0) return `nobody is alive but those who wait: ${waiting.join()}`
  let left = 'a newcomer gets nothing'
  const { world: clean } = runAlone((process) => {
    const locks = openLocks(process)
    const grant = locks.tryAcquireSync!({
      resource: RESOURCE,
      mode: 'exclusive',
      id: 'new-1',
      held: [],
    })
    const marks = locks.inspect(runMarkName(RESOURCE))
    left = grant === null ? left : marks === null ? '' : 'the mark of nobody is shown'
    grant?.releaseSync?.()
    void cleans(process)
  })
  if (left !== '') return left
  const names = clean.files.paths.filter((path) => /~p\d+\.t/u.test(path))
  return names.length > 0 ? `a clean-up leaves ${names.join()}` : undefined
}
