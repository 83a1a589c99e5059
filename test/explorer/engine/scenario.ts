import type { Program } from './program.js'
import type { Deed } from './history.js'
import type { SimulatedFiles } from './simulated-files.js'
import type { Ghost, Machine, World } from './world.js'

/** How much can go wrong in one schedule. */
export interface Limits {
  /** How often another process interrupts one that could continue. */
  readonly preemptions?: number
  /** Processes that end at any moment. */
  readonly crashes?: number
  /** Whether a crash can cut a write short. */
  readonly tears?: boolean
  /** How many changing operations fail because of a full disk. */
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
  /** When it begins; `START_MS` by default. */
  readonly nowMs?: number
  readonly ghost: G
  /** The programs of each process, one after the other; its memory is lost in between. */
  readonly programs: readonly (readonly Program<G>[])[]
  /** What must hold when nothing more happens. */
  readonly checkEnd?: (end: End<G>) => string | undefined
}

/** The world after the last step, in which a newcomer can do something. */
export interface End<G extends Ghost> {
  readonly world: World<G>
  /**
   * Runs one more process, alone and with no files open; returns what it did and the resulting world. If it does not
   * end, or fails, its observer's record says what is wrong.
   */
  runAlone(program: Program<G>): { readonly world: World<G>; readonly deeds: readonly Deed[] }
}
