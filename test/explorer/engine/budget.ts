import { type Choice, faultOf, plainStep } from './choice.js'
import type { Step } from './operation.js'
import { AWAIT_OTHERS } from './program.js'
import type { Limits } from './scenario.js'
import { type Allowance, NOBODY } from './state-graph.js'
import { BEGIN, isSameView, viewOf, type World } from './world.js'

/** What is left of the limits, and which process was last interruptible. */
export interface Budget {
  readonly preemptions: number
  readonly crashes: number
  readonly faults: number
  readonly stops: number
  readonly leaps: number
  readonly last: number
}

/** A state, as far as it determines what can happen next. */
interface Moment {
  readonly world: World
  readonly budget: Budget
}

/** Operations that fail on a full disk. */
const FILLS_DISK = /^(?:mkdir|create|write|overwrite|rename) /u

export function toBudget(limits: Limits): Budget {
  const { preemptions = Infinity, crashes = 0, faults = 0, stops = 0, leaps = 0 } = limits
  return { preemptions, crashes, faults, stops, leaps, last: NOBODY }
}

/** Returns what is left after a choice. */
export function spend({ world, budget }: Moment, choice: Choice): Budget {
  if (choice.kind === 'time') return { ...budget, leaps: budget.leaps - 1 }
  if (choice.kind === 'crash') return { ...budget, crashes: budget.crashes - 1 }
  if (choice.kind === 'stop') {
    // A process that continues later starts fresh: the others no longer interrupt anybody.
    const last = budget.last === choice.process ? NOBODY : budget.last
    return { ...budget, last, stops: budget.stops - 1 }
  }
  if (choice.kind === 'continue') return budget
  const { process, step } = choice
  if (step.tear !== undefined) return { ...budget, crashes: budget.crashes - 1 }
  const isInterruption = isPreempted(world, budget, process)
  if (budget.last === process && step.fault === undefined) return budget
  return {
    ...budget,
    last: process,
    preemptions: budget.preemptions - (isInterruption ? 1 : 0),
    faults: budget.faults - (step.fault === undefined ? 0 : 1),
  }
}

/** Returns what distinguishes otherwise equal states. */
export function allowanceOf({ world, budget }: Moment): Allowance {
  const { preemptions, last } = budget
  const isBounded = preemptions !== Infinity && isInterruptible(world, last)
  return { preemptions, last: isBounded ? last : NOBODY }
}

function isPreempted(world: World, { last }: Budget, process: number): boolean {
  return last !== process && isInterruptible(world, last)
}

/** Returns whether the process could continue. */
function isInterruptible(world: World, process: number): boolean {
  const state = world.processes[process]
  return state?.status === 'ready' && !state.isStopped && !isBlocked(world, process)
}

/** Returns whether its next step can follow immediately. Beginning a program is a turn in itself. */
export function canGoOn(world: World, process: number): boolean {
  const { status, next } = world.processes[process]!
  return status === 'ready' && next !== BEGIN && !isBlocked(world, process)
}

/** Returns whether it waits for the others, and one of them continues. */
function isBlocked({ processes }: World, process: number): boolean {
  if (processes[process]?.next !== AWAIT_OTHERS) return false
  return processes.some(
    ({ status }, index) => index !== process && status !== 'ended' && status !== 'crashed',
  )
}

/** Returns everything that can happen next. */
export function choicesOf({ world, budget }: Moment, limits: Limits): Choice[] {
  const choices: Choice[] = []
  for (const [process, state] of world.processes.entries()) {
    if (state.status === 'ended' || state.status === 'crashed') continue
    const mayRun =
      !state.isStopped &&
      !isBlocked(world, process) &&
      (budget.preemptions > 0 || !isPreempted(world, budget, process))
    if (mayRun && state.status === 'ready') {
      choices.push(plainStep(process))
      if (budget.faults > 0 && FILLS_DISK.test(state.next)) choices.push(faultOf(process))
    }
    if (mayRun && state.status === 'idle' && !isSameView(state.seen, viewOf(world)))
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

/** Returns whether the choice lets a process continue. */
export function isProgress(choice: Choice): boolean {
  if (choice.kind === 'step') return choice.step.tear === undefined
  return choice.kind === 'continue' || choice.kind === 'time'
}

export function isPlain({ outcome, tear, fault, wake }: Step): boolean {
  return outcome === undefined && tear === undefined && fault === undefined && wake !== true
}
