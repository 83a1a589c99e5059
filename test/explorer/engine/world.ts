import { History } from './history.js'
import type { Semantics, SimulatedFiles } from './simulated-files.js'

/** What the observer knows: who holds what, what was promised. `wrong` is a violation that was seen. */
export interface Ghost {
  readonly wrong?: string | undefined
}

/** What a process is about to do whose program has not begun. */
export const BEGIN = 'begin'

/** The history of such a process. */
export const NOTHING_DONE = new History()

/** One process at one moment, between two of its operations. */
export interface ProcessState {
  /** `idle`: waiting for a timer. */
  readonly status: 'ready' | 'idle' | 'ended' | 'crashed'
  /** It was sent SIGSTOP. */
  readonly isStopped: boolean
  /** Which of its programs it runs. */
  readonly stage: number
  readonly history: History
  /** The operation that it is about to do. */
  readonly next: string
  /** In how many ways a crash can cut that operation short. */
  readonly tears: number
  /** What the world looked like when it last woke up. */
  readonly seen: View | undefined
}

/** A process that is about to do its first operation. */
export const NEW_PROCESS: ProcessState = {
  status: 'ready',
  isStopped: false,
  stage: 0,
  history: NOTHING_DONE,
  next: BEGIN,
  tears: 0,
  seen: undefined,
}

/** What does not change. */
export interface Machine {
  readonly semantics: Semantics
  /** A directory that changes while it is listed may be seen in either state, name by name (readdir(3)). */
  readonly slowListings: boolean
  /** Every directory looks as if nothing had happened in it for long. */
  readonly oldDirectories: boolean
  /** What others find out about a process that crashed. */
  readonly deadLook: 'dead' | 'unknown'
  /**
   * Whether the processes can be told apart. `hidden`: each is in a container of its own that shows no facts; `kernels`: each is on a
   * kernel of its own, all of them with one machine id. They then judge each other as the kit does.
   */
  readonly facts: 'shown' | 'hidden' | 'kernels'
}

/** Everything that there is at one moment. */
export interface World<G extends Ghost = Ghost> {
  readonly machine: Machine
  readonly files: SimulatedFiles
  readonly ghost: G
  readonly nowMs: number
  readonly processes: readonly ProcessState[]
}

/** What a waiting process could notice. */
export interface View {
  readonly files: SimulatedFiles
  /** The time, and who is alive. */
  readonly rest: string
}

export function viewOf({ files, nowMs, processes }: World): View {
  const alive = processes.map(
    ({ status, isStopped }) => `${status === 'crashed' || status === 'ended'}${isStopped}`,
  )
  return { files, rest: `${nowMs}|${alive.join()}` }
}

export function isSameView(one: View | undefined, other: View): boolean {
  return one?.rest === other.rest && one.files.number === other.files.number
}

export function withProcess<G extends Ghost>(
  world: World<G>,
  index: number,
  change: Partial<ProcessState>,
): World<G> {
  const processes = world.processes.slice()
  processes[index] = { ...processes[index]!, ...change }
  return { ...world, processes }
}
