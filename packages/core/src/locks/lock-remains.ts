import { type BigIntStats, lstatSync, rmdirSync } from 'node:fs'

/**
 * The directory that proper-lockfile could not remove. It is renewed by nobody, so that after 10 s another program may
 * have put a lock of its own in its place, and that must stay.
 */
export class LockRemains {
  readonly #path: string
  readonly #found: BigIntStats

  private constructor(path: string, found: BigIntStats) {
    this.#path = path
    this.#found = found
  }

  /** What lies there now; undefined where nothing does. */
  static at(path: string): LockRemains | undefined {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? undefined : new LockRemains(path, found)
  }

  /** Removes it, if it is still there. Throws what the system says where it cannot be removed. */
  remove(): void {
    const now = LockRemains.at(this.#path)
    if (now !== undefined && this.#isSame(now.#found)) rmdirSync(this.#path)
  }

  #isSame({ dev, ino, birthtimeNs, mtimeNs }: BigIntStats): boolean {
    const found = this.#found
    if (dev !== found.dev || ino !== found.ino || birthtimeNs !== found.birthtimeNs) return false
    // A number is soon used again. Where no birth is recorded only what is untouched is surely the same.
    return birthtimeNs !== 0n || mtimeNs === found.mtimeNs
  }
}
