import type { FileSystem } from '../../../packages/core/src/drivers/local/home/file-system.js'
import type { LockSurroundings } from '../../../packages/core/src/drivers/local/locks/lock-context.js'
import type { Ghost, World } from './world.js'

/** What a process is about to do that waits for all others. */
export const AWAIT_OTHERS = 'await others'

/** What a simulated process has of the world. */
export interface SimulatedProcess<G extends Ghost> {
  readonly index: number
  readonly fileSystem: FileSystem
  readonly surroundings: LockSurroundings
  /** Aborted when the execution is given up; for waits that would outlive it. */
  readonly signal: AbortSignal
  /** Wall clock, milliseconds since the epoch. */
  now(): number
  /** Does nothing, for as long as the others like. */
  pause(what: string): void
  /** Waits until all others have ended or crashed. */
  awaitOthers(): void
  /** Tells the observer what has just happened. `change` is called in other worlds as well, without the code around it, so it must change nothing else. */
  note(change: (ghost: G, world: World<G>) => G): void
  fireTimer(): void
  abandon(reason: Error): void
}

/** The code of a process. It must do the same again, given the same answers. Synchronous code waits by `clock.sleep`. */
export type Program<G extends Ghost> = (process: SimulatedProcess<G>) => void | Promise<void>
