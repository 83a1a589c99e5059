import type { EngineLimits } from '../../../engine/engine-limits.js'
import type { ClusterFaults } from './engine-stage.js'

/** Ends a staged fault. Resolves when the engine is usable again. */
export type Remedy = () => Promise<void>

/** The faults that a target can stage on its engine. Missing ones are not tested, and the tests' names say so. */
export interface EngineFaults extends ClusterFaults {
  /** Suspends the engine (SIGSTOP): connections stay open, but nothing is answered. */
  readonly pause?: () => Promise<Remedy>
  /**
   * Kills the engine immediately, without a last write (SIGKILL). The remedy starts it again under the same URL, with its stored data
   * if it stores any.
   */
  readonly kill?: () => Promise<Remedy>
  /** Opens a link to the engine that can be cut while others stay. */
  readonly openLink?: () => Promise<EngineLink>
}

/** A link to the engine, usually a TCP proxy. */
export interface EngineLink {
  /** The URL that leads a driver over this link. */
  readonly url: string
  /** Stops all traffic in both directions, like a black hole; connections survive. */
  cut(): void
  /** Lets all traffic pass again, delayed data first. */
  heal(): void
  /** Ends the open connections; new ones pass. */
  reset(): void
  close(): Promise<void>
}

/** The limits for most cases: the users' defaults. */
export const LIMITS: EngineLimits = { timeoutMs: 5_000, leaseMs: 10_000 }

/** The limits for cases that wait for a timeout or the end of a lease. */
export const SHORT_LIMITS: EngineLimits = { timeoutMs: 500, leaseMs: 1_000 }
