import { type Choice, faultOf } from './choice.js'
import { Execution, type Observer } from './execution.js'
import { forgetHistories } from './history.js'
import { AWAIT_OTHERS } from './program.js'
import { NEW_PROCESS, runAlone } from './run-alone.js'
import type { Limits, Scenario } from './scenario.js'
import { START_MS } from './start-ms.js'
import { StateGraph } from './state-graph.js'
import { StateKeys } from './state-keys.js'
import { BEGIN, type Ghost, visiblePart, withProcess, type World } from './world.js'

/** One violation and the schedule that leads to it. */
export interface Violation {
  readonly message: string
  readonly choices: readonly Choice[]
}

export interface Exploration {
  /** Different ways through the states, from the beginning to an end; a double, since it may be astronomic. */
  readonly schedules: number
  readonly states: number
  readonly ends: number
  readonly violations: readonly Violation[]
  /** False where a bound was reached first. */
  readonly isComplete: boolean
}

export interface ExploreOptions {
  /** Stop after so many different violations. */
  readonly maxViolations: number
  readonly maxStates: number
  readonly maxMs: number
}

/** What is left of the limits, and who took the last step. */
export interface Budget {
  readonly preemptions: number
  readonly crashes: number
  readonly faults: number
  readonly stops: number
  readonly leaps: number
  readonly last: number
}

interface Node<G extends Ghost> {
  readonly id: number
  readonly world: World<G>
  readonly budget: Budget
}

interface Task<G extends Ghost> {
  readonly node: Node<G>
  readonly choice: Choice
}

const LEAP_MS = 3_600_000

/** Operations that fail on a full disk. */
const FILLS_DISK = /^(?:mkdir|create|write|rename) /u

/** Tries every schedule of a scenario. States that were met before are not left again. */
export async function explore<G extends Ghost>(
  scenario: Scenario<G>,
  options: ExploreOptions,
): Promise<Exploration> {
  return new Explorer(scenario, options).run()
}

/** The world before the first step. */
export function beginWorld<G extends Ghost>({
  files,
  ghost,
  machine,
  nowMs = START_MS,
  programs,
}: Scenario<G>): World<G> {
  return { machine, files, ghost, nowMs, processes: programs.map(() => NEW_PROCESS) }
}

/** What a choice makes of a world; `undefined` where it is not to be had. */
export async function applyChoice<G extends Ghost>(
  scenario: Scenario<G>,
  world: World<G>,
  choice: Choice,
): Promise<World<G> | undefined> {
  const changed = applyOutside(world, choice)
  if (changed !== undefined || choice.kind !== 'step') return changed
  if (world.processes[choice.process]?.status === 'ended') return undefined
  let after: World<G> | undefined
  const execution = new Execution(
    scenario.programs[choice.process]!,
    world,
    choice.process,
    choice.step,
    {
      stepped: (next) => {
        after = next
        return false
      },
      branched: () => undefined,
    },
  )
  await execution.run()
  return after
}

/** Choices that no process executes. */
function applyOutside<G extends Ghost>(world: World<G>, choice: Choice): World<G> | undefined {
  if (choice.kind === 'step') return undefined
  if (choice.kind === 'time') return { ...world, nowMs: world.nowMs + LEAP_MS }
  const { process } = choice
  if (choice.kind !== 'crash')
    return withProcess(world, process, { isStopped: choice.kind === 'stop' })
  const crashed = withProcess(world, process, { status: 'crashed', next: '', tears: 0 })
  return { ...crashed, files: crashed.files.closeAll(process) }
}

class Explorer<G extends Ghost> {
  readonly #scenario: Scenario<G>
  readonly #options: ExploreOptions
  readonly #graph = new StateGraph()
  readonly #keys = new StateKeys()
  readonly #tasks: Task<G>[] = []
  readonly #violations = new Map<string, Violation>()
  readonly #ends = new Map<string, string | undefined>()

  constructor(scenario: Scenario<G>, options: ExploreOptions) {
    this.#scenario = scenario
    this.#options = options
  }

  async run(): Promise<Exploration> {
    const { maxMs, maxStates, maxViolations } = this.#options
    const deadline = performance.now() + maxMs
    const { limits } = this.#scenario
    forgetHistories()
    const world = beginWorld(this.#scenario)
    this.#visit(world, toBudget(limits), undefined, undefined)
    let isComplete = true
    for (let count = 0; ; count += 1) {
      const task = this.#tasks.pop()
      if (task === undefined) break
      if (
        this.#violations.size >= maxViolations ||
        this.#graph.size > maxStates ||
        (count % 64 === 0 && performance.now() > deadline)
      ) {
        isComplete = false
        break
      }
      const running = this.#perform(task)
      if (running !== undefined) await running
    }
    return {
      schedules: this.#graph.countPaths(),
      states: this.#graph.size,
      ends: this.#ends.size,
      violations: [...this.#violations.values()],
      isComplete,
    }
  }

  #perform({ node, choice }: Task<G>): void | Promise<void> {
    if (choice.kind !== 'step') {
      const after = applyOutside(node.world, choice)
      if (after !== undefined) this.#visit(after, spend(node, choice), node, choice)
      return
    }
    const { process } = choice
    let from = node
    let made = choice
    const observer: Observer<G> = {
      stepped: (after) => {
        const next = this.#visit(after, spend(from, made), from, made, process)
        if (next === undefined) return false
        from = next
        made = { kind: 'step', process, step: {} }
        return true
      },
      branched: (outcomes) => {
        // Met on the way of an uninterrupted run: `from` is where the operation was about to be done.
        for (let outcome = 1; outcome < outcomes; outcome += 1)
          this.#tasks.push({ node: from, choice: { kind: 'step', process, step: { outcome } } })
      },
    }
    return new Execution(
      this.#scenario.programs[process]!,
      node.world,
      process,
      choice.step,
      observer,
    ).run()
  }

  /**
   * Notes a state. Returns it where it is new and the process that runs can go on from it at once; its own next step is
   * then not among the tasks.
   */
  #visit(
    world: World<G>,
    budget: Budget,
    from: Node<G> | undefined,
    choice: Choice | undefined,
    running?: number,
  ): Node<G> | undefined {
    const { id, isNew } = this.#graph.add(
      this.#keys.of(world, budget, this.#scenario.limits),
      from?.id,
      choice,
    )
    if (!isNew) return undefined
    const node = { id, world, budget }
    const wrong = world.ghost.wrong ?? this.#scenario.check?.(world)
    if (wrong !== undefined) {
      this.#violate(wrong, id)
      return undefined
    }
    const choices = choicesOf(node, this.#scenario.limits)
    if (!choices.some(isProgress)) this.#end(node)
    const goesOn =
      running !== undefined &&
      world.processes[running]?.status === 'ready' &&
      world.processes[running].next !== BEGIN &&
      !isBlocked(world, running)
    let canGoOn = false
    for (const next of choices) {
      const isOwn = goesOn && next.kind === 'step' && next.process === running && isPlain(next.step)
      if (isOwn) canGoOn = true
      else this.#tasks.push({ node, choice: next })
    }
    return canGoOn ? node : undefined
  }

  #end({ id, world }: Node<G>): void {
    const { checkEnd } = this.#scenario
    if (checkEnd === undefined) return
    const key = `${world.files.key}|${JSON.stringify(world.ghost)}|${world.processes.map(({ status }) => status).join()}`
    if (!this.#ends.has(key))
      this.#ends.set(key, checkEnd({ world, runAlone: (program) => runAlone(world, program) }))
    const wrong = this.#ends.get(key)
    if (wrong !== undefined) this.#violate(wrong, id)
  }

  #violate(message: string, id: number): void {
    if (this.#violations.has(message)) return
    this.#violations.set(message, { message, choices: this.#graph.pathTo(id) })
  }
}

function toBudget(limits: Limits): Budget {
  const { preemptions = Infinity, crashes = 0, faults = 0, stops = 0, leaps = 0 } = limits
  return { preemptions, crashes, faults, stops, leaps, last: -1 }
}

function spend<G extends Ghost>({ world, budget }: Node<G>, choice: Choice): Budget {
  if (choice.kind === 'time') return { ...budget, leaps: budget.leaps - 1 }
  if (choice.kind === 'crash') return { ...budget, crashes: budget.crashes - 1 }
  if (choice.kind === 'stop') return { ...budget, stops: budget.stops - 1 }
  if (choice.kind === 'continue') return budget
  const { process, step } = choice
  const preempted = isPreempted(world, budget, process)
  return {
    ...budget,
    last: process,
    preemptions: budget.preemptions - (preempted ? 1 : 0),
    crashes: budget.crashes - (step.tear === undefined ? 0 : 1),
    faults: budget.faults - (step.fault === undefined ? 0 : 1),
  }
}

function isPreempted(world: World, { last }: Budget, process: number): boolean {
  const before = world.processes[last]
  return (
    last !== process && before?.status === 'ready' && !before.isStopped && !isBlocked(world, last)
  )
}

/** It waits for the others, and one of them goes on. */
function isBlocked({ processes }: World, process: number): boolean {
  if (processes[process]?.next !== AWAIT_OTHERS) return false
  return processes.some(
    ({ status }, index) => index !== process && status !== 'ended' && status !== 'crashed',
  )
}

function choicesOf<G extends Ghost>({ world, budget }: Node<G>, limits: Limits): Choice[] {
  const choices: Choice[] = []
  for (const [process, state] of world.processes.entries()) {
    if (state.status === 'ended' || state.status === 'crashed') continue
    const mayRun =
      !state.isStopped &&
      !isBlocked(world, process) &&
      (budget.preemptions > 0 || !isPreempted(world, budget, process))
    if (mayRun && state.status === 'ready') {
      choices.push({ kind: 'step', process, step: {} })
      if (budget.faults > 0 && FILLS_DISK.test(state.next)) choices.push(faultOf(process))
    }
    if (mayRun && state.status === 'idle' && state.seen !== visiblePart(world))
      choices.push({ kind: 'step', process, step: { wake: true } })
    if (budget.crashes > 0) {
      choices.push({ kind: 'crash', process })
      for (let tear = 0; limits.tears === true && tear < state.tears; tear += 1)
        choices.push({ kind: 'step', process, step: { tear } })
    }
    if (state.isStopped) choices.push({ kind: 'continue', process })
    else if (budget.stops > 0) choices.push({ kind: 'stop', process })
  }
  if (budget.leaps > 0) choices.push({ kind: 'time' })
  return choices
}

function isProgress(choice: Choice): boolean {
  if (choice.kind === 'step') return choice.step.tear === undefined
  return choice.kind === 'continue' || choice.kind === 'time'
}

function isPlain({
  outcome,
  tear,
  fault,
  wake,
}: {
  outcome?: number
  tear?: number
  fault?: string
  wake?: boolean
}): boolean {
  return outcome === undefined && tear === undefined && fault === undefined && wake !== true
}
