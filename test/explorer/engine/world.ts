import { History } from './history.js'
import type { Semantics, SimulatedFiles } from './simulated-files.js'

/** What the observer knows: the holders and the promises. `wrong` is an observed violation. */
export interface Ghost {
  readonly wrong?: string | undefined
}

/** The next operation of a process whose program has not begun. */
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
  /** What the world looked like at its last wake-up. */
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
  /** A directory that changes while it is listed can be seen in either state, name by name (readdir(3)). */
  readonly slowListings: boolean
  /** Every directory looks as if it had not changed for long. */
  readonly oldDirectories: boolean
  /** How a crashed process looks to others. */
  readonly deadLook: 'dead' | 'unknown'
  /**
   * Whether the processes can be distinguished. `hidden`: each is in a separate container that shows no facts;
   * `kernels`: each is on a separate kernel, all of them with one machine id. They then judge each other as the kit
   * does.
   */
  readonly facts: 'shown' | 'hidden' | 'kernels'
}

/** Everything that exists at one moment. */
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
  /** The time, and which processes are alive. */
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
