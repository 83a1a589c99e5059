import type { FileSystem } from '../../../packages/core/src/drivers/local/home/file-system.js'
import type { LockSurroundings } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import type { Ghost, World } from './world.js'

/** The next operation of a process that waits for all others. */
export const AWAIT_OTHERS = 'await others'

/** A simulated process's access to the world. */
export interface SimulatedProcess<G extends Ghost> {
  readonly index: number
  readonly fileSystem: FileSystem
  readonly surroundings: LockSurroundings
  /** Aborted when the execution is abandoned; for waits that would outlive it. */
  readonly signal: AbortSignal
  /** Wall clock, milliseconds since the epoch. */
  now(): number
  /** Does nothing, for as long as the others like. */
  pause(what: string): void
  /** Waits until all others have ended or crashed. */
  awaitOthers(): void
  /**
   * Tells the observer what has just happened. `change` is also called in other worlds, without the code around it, so
   * it must change nothing else.
   */
  note(change: (ghost: G, world: World<G>) => G): void
  fireTimer(): void
  abandon(reason: Error): void
}

/** The code of a process. Given the same answers, it must do the same again. Synchronous code waits with `clock.sleep`. */
export type Program<G extends Ghost> = (process: SimulatedProcess<G>) => void | Promise<void>
