import type { Ghost, World } from './world.js'

/** A possible result of an operation. */
export interface Outcome<G extends Ghost> {
  readonly world: World<G>
  readonly result?: unknown
}

/**
 * An operation that other processes' operations can precede. A process's operations with the same `what` are the same:
 * they depend only on the world.
 */
export interface Operation<G extends Ghost> {
  readonly what: string
  /** Returns all possible results; throws a `SimulatedError` if it fails. */
  readonly perform: (world: World<G>) => readonly Outcome<G>[]
  /** What a crash in the middle can leave. */
  readonly tears?: readonly ((world: World<G>) => World<G>)[]
}

/** How a step of a process goes. */
export interface Step {
  /** Which of several outcomes. */
  readonly outcome?: number
  /** It crashes in the middle of the operation, in this way. */
  readonly tear?: number
  /** The operation fails with this code, without effect. */
  readonly fault?: string
  /** A timer of the waiting process fires. */
  readonly wake?: boolean
}

/** An ordinary step. */
export const PLAIN: Step = {}
