import type { Ghost, World } from './world.js'

/** What an operation can make of the world. */
export interface Outcome<G extends Ghost> {
  readonly world: World<G>
  readonly result?: unknown
}

/**
 * An operation that other processes may come in front of. Operations of one process with the same `what` are the same: they depend
 * on the world and on nothing else.
 */
export interface Operation<G extends Ghost> {
  readonly what: string
  /** All that may come of it; throws a `SimulatedError` where it fails. */
  readonly perform: (world: World<G>) => readonly Outcome<G>[]
  /** What a crash in the middle may leave. */
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

/** A step without anything unusual. */
export const PLAIN: Step = {}
