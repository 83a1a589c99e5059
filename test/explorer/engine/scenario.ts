import type { Program } from './program.js'
import type { Deed } from './history.js'
import type { SimulatedFiles } from './simulated-files.js'
import type { Ghost, Machine, World } from './world.js'

/** How much may go wrong in one schedule. */
export interface Limits {
  /** How often a process that could go on is interrupted by another one. */
  readonly preemptions?: number
  /** Processes that end at any moment. */
  readonly crashes?: number
  /** Whether a crash may cut a write short. */
  readonly tears?: boolean
  /** Operations that change something and fail for a full disk. */
  readonly faults?: number
  /** How often a process is stopped. */
  readonly stops?: number
  /** How often a long time passes. */
  readonly leaps?: number
}

/** Processes, where they begin, and what must hold. */
export interface Scenario<G extends Ghost = Ghost> {
  readonly name: string
  readonly limits: Limits
  readonly machine: Machine
  readonly files: SimulatedFiles
  /** When it begins; `START_MS` where nothing is said. */
  readonly nowMs?: number
  readonly ghost: G
  /** The programs of each process, one after the other; what it knew is lost in between. */
  readonly programs: readonly (readonly Program<G>[])[]
  /** What must hold when nothing more happens. */
  readonly checkEnd?: (end: End<G>) => string | undefined
}

/** The world after the last step, in which a newcomer can do something. */
export interface End<G extends Ghost> {
  readonly world: World<G>
  /**
   * Runs one more process, alone and without files of its own open before; returns what it did and what is then.
   * One that does not end, or fails, has something wrong in its observer's record.
   */
  runAlone(program: Program<G>): { readonly world: World<G>; readonly deeds: readonly Deed[] }
}
