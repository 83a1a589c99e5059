import { applyOutside, beginWorld } from './apply-choice.js'
import { assertReplays, type Sample } from './assert-replays.js'
import { Behaviour } from './behaviour.js'
import {
  allowanceOf,
  type Budget,
  canGoOn,
  choicesOf,
  isPlain,
  isProgress,
  spend,
  toBudget,
} from './budget.js'
import { type Choice, plainStep } from './choice.js'
import { judgeEnd } from './judge-end.js'
import type { Scenario } from './scenario.js'
import { nameOf } from './execution.js'
import { StateGraph, type Way } from './state-graph.js'
import { StateKeys } from './state-keys.js'
import { takeTurn } from './take-turn.js'
import { MAX_STEPS, type Observer } from './turn.js'
import type { Ghost, World } from './world.js'

/** One violation and the schedule that leads to it. */
export interface Violation {
  readonly message: string
  readonly choices: readonly Choice[]
}

export interface Exploration {
  /** The number of different paths through the states, from the beginning to an end; a double, since it can be astronomic. */
  readonly schedules: number
  readonly states: number
  readonly ends: number
  readonly violations: readonly Violation[]
  /** False if a bound was reached first. */
  readonly isComplete: boolean
}

export interface ExploreOptions {
  /** Stop after that many different violations. */
  readonly maxViolations: number
  readonly maxStates: number
  readonly maxMs: number
}

/** A recorded state. */
interface Node<G extends Ghost> {
  readonly id: number
  readonly world: World<G>
  readonly budget: Budget
}

/** A state that may already be known, and everything that can happen next. */
interface Moment<G extends Ghost> {
  readonly world: World<G>
  readonly budget: Budget
  readonly choices: readonly Choice[]
}

/** What still has to be tried from a state. */
interface Task<G extends Ghost> {
  readonly node: Node<G>
  readonly choices: Choice[]
}

/** How many states, from all over the exploration, are replayed at the end. */
const MAX_SAMPLES = 32

/**
 * Tries every schedule of a scenario. Known states are not explored again. @throws Error if a state is not what its
 * schedule leads to
 */
export async function explore<G extends Ghost>(
  scenario: Scenario<G>,
  options: ExploreOptions,
): Promise<Exploration> {
  return new Explorer(scenario, options).run()
}

class Explorer<G extends Ghost> {
  readonly #scenario: Scenario<G>
  readonly #options: ExploreOptions
  readonly #behaviour: Behaviour<G>
  readonly #graph = new StateGraph()
  readonly #keys = new StateKeys<G>()
  /** By the number of interruptions left: tasks with more come first, and stand for the ones with fewer. */
  readonly #tasks: Task<G>[][]
  readonly #violations = new Map<string, Violation>()
  #samples: Sample<G>[] = []
  /** One state in that many is a sample. */
  #sampled = 16
  readonly #ends = new Map<string, string | undefined>()

  constructor(scenario: Scenario<G>, options: ExploreOptions) {
    this.#scenario = scenario
    this.#options = options
    this.#behaviour = new Behaviour(scenario.programs)
    this.#tasks = Array.from({ length: (scenario.limits.preemptions ?? 0) + 1 }, () => [])
  }

  async run(): Promise<Exploration> {
    const { maxMs, maxStates, maxViolations } = this.#options
    const deadline = performance.now() + maxMs
    const { limits } = this.#scenario
    const world = beginWorld(this.#scenario)
    this.#visit(this.#momentOf(world, toBudget(limits)))
    let isComplete = true
    for (let count = 0; ; count += 1) {
      const next = this.#nextTask()
      if (next === undefined) break
      if (
        this.#violations.size >= maxViolations ||
        this.#graph.size > maxStates ||
        (count % 64 === 0 && performance.now() > deadline)
      ) {
        isComplete = false
        break
      }
      const running = this.#perform(next.node, next.choice)
      if (running !== undefined) await running
    }
    for (const sample of this.#samples) await assertReplays(this.#scenario, sample)
    return {
      schedules: this.#graph.countPaths(),
      states: this.#graph.size,
      ends: this.#ends.size,
      violations: [...this.#violations.values()],
      isComplete,
    }
  }

  #nextTask(): { readonly node: Node<G>; readonly choice: Choice } | undefined {
    const tasks = this.#tasks.findLast(({ length }) => length > 0)
    if (tasks === undefined) return undefined
    const { node, choices } = tasks.at(-1)!
    const choice = choices.pop()!
    if (choices.length === 0) tasks.pop()
    return { node, choice }
  }

  #perform(node: Node<G>, choice: Choice): void | Promise<void> {
    if (choice.kind !== 'step') {
      const after = applyOutside(node.world, choice)
      if (after !== undefined)
        this.#visit(this.#momentOf(after, spend(node, choice)), node, { choice, plainSteps: 0 })
      return
    }
    const { process } = choice
    let from = node
    let at: Pick<Node<G>, 'world' | 'budget'> = node
    let way: Way = { choice, plainSteps: 0 }
    let steps = 0
    const observer: Observer<G> = {
      stepped: (after) => {
        const made = at === node ? choice : plainStep(process)
        const moment = this.#momentOf(after, spend(at, made))
        at = moment
        if (this.#isForced(moment, process)) {
          way = { ...way, plainSteps: way.plainSteps + 1 }
          return this.#isBounded((steps += 1), process, from)
        }
        const next = this.#visit(moment, from, way, process)
        if (next === undefined) return false
        from = next
        at = next
        way = { choice: plainStep(process), plainSteps: 0 }
        return this.#isBounded((steps += 1), process, from)
      },
      branched: (outcomes) => {
        // Met during an uninterrupted run: `from` is the state before the operation.
        for (let outcome = 1; outcome < outcomes; outcome += 1)
          this.#defer(from, [{ kind: 'step', process, step: { outcome } }])
      },
    }
    return takeTurn(this.#behaviour, node.world, process, choice.step, observer)
  }

  /** Returns false for a process that does not end on its own. */
  #isBounded(steps: number, process: number, { id }: Node<G>): boolean {
    if (steps < MAX_STEPS) return true
    this.#violate(`process ${nameOf(process)} does not end`, id)
    return false
  }

  #momentOf(after: World<G>, budget: Budget): Moment<G> {
    const world = this.#keys.shared(after)
    return { world, budget, choices: choicesOf({ world, budget }, this.#scenario.limits) }
  }

  /** Returns whether only this process's next step can happen, so this is not a separate state. */
  #isForced({ world, choices }: Moment<G>, process: number): boolean {
    return (
      choices.length === 1 &&
      canGoOn(world, process) &&
      !world.machine.slowListings &&
      world.ghost.wrong === undefined
    )
  }

  /**
   * Records a state. Returns it if it is new and the running process can continue from it immediately; its own next
   * step is then not among the tasks.
   */
  #visit(
    { world, budget, choices }: Moment<G>,
    from?: Node<G>,
    way?: Way,
    running?: number,
  ): Node<G> | undefined {
    const allowance = allowanceOf({ world, budget })
    const key = this.#keys.of(world, budget)
    const { id, isNew } = this.#graph.add(key, allowance, from?.id, way)
    if (!isNew) return undefined
    if (id % this.#sampled === 0) this.#sample(id, world)
    const node = { id, world, budget }
    const { wrong } = world.ghost
    if (wrong !== undefined) {
      this.#violate(wrong, id)
      return undefined
    }
    if (!choices.some(isProgress)) this.#end(node)
    const goesOn = running !== undefined && canGoOn(world, running)
    const others = choices.filter(
      (next) => !(goesOn && next.kind === 'step' && next.process === running && isPlain(next.step)),
    )
    this.#defer(node, others)
    return goesOn ? node : undefined
  }

  #sample(id: number, world: World<G>): void {
    this.#samples.push({ world, choices: this.#graph.pathTo(id) })
    if (this.#samples.length < MAX_SAMPLES) return
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0)
    this.#sampled *= 2
  }

  #defer(node: Node<G>, choices: Choice[]): void {
    const { preemptions } = node.budget
    if (preemptions === Infinity) {
      if (choices.length > 0) this.#tasks[0]!.push({ node, choices })
      return
    }
    const isFree = (choice: Choice): boolean => spend(node, choice).preemptions === preemptions
    const free = choices.filter(isFree)
    const interruptions = choices.filter((choice) => !isFree(choice))
    if (free.length > 0) this.#tasks[preemptions]!.push({ node, choices: free })
    if (interruptions.length > 0)
      this.#tasks[preemptions - 1]!.push({ node, choices: interruptions })
  }

  #end({ id, world }: Node<G>): void {
    const key = this.#keys.ofEnd(world)
    if (!this.#ends.has(key)) this.#ends.set(key, judgeEnd(this.#scenario, world))
    const wrong = this.#ends.get(key)
    if (wrong !== undefined) this.#violate(wrong, id)
  }

  #violate(message: string, id: number): void {
    if (this.#violations.has(message)) return
    this.#violations.set(message, { message, choices: this.#graph.pathTo(id) })
  }
}
