import type { EngineLimits } from '../../../engine/engine-limits.js'
import type { ClusterFaults } from './engine-stage.js'

/** Ends a fault that was staged. Resolves when the engine can be used again. */
export type Remedy = () => Promise<void>

/** The faults that a target can stage on its engine. What is absent is not tested, and the tests' names say so. */
export interface EngineFaults extends ClusterFaults {
  /** Suspends the engine (SIGSTOP): connections stay open and nothing is answered. */
  readonly pause?: () => Promise<Remedy>
  /**
   * Ends the engine at once, without a last write (SIGKILL). The remedy starts it again under the same URL, with what it
   * had stored where it stores anything.
   */
  readonly kill?: () => Promise<Remedy>
  /** Opens a way to the engine that can be cut while others stay. */
  readonly openLink?: () => Promise<EngineLink>
}

/** A way to the engine: a TCP proxy, as a rule. */
export interface EngineLink {
  /** What takes a driver this way. */
  readonly url: string
  /** Lets nothing pass any more, in neither direction: a black hole, that connections survive. */
  cut(): void
  /** Lets everything pass again, what has waited first. */
  heal(): void
  /** Ends the connections that are open; new ones pass. */
  reset(): void
  close(): Promise<void>
}

/** The limits that most cases run with: those of users. */
export const LIMITS: EngineLimits = { timeoutMs: 5_000, leaseMs: 10_000 }

/** The limits of cases that wait for a time-out or for the end of a lease. */
export const SHORT_LIMITS: EngineLimits = { timeoutMs: 500, leaseMs: 1_000 }
