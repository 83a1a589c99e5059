import { type BigIntStats, lstatSync, rmdirSync } from 'node:fs'

/**
 * The directory that proper-lockfile could not remove. No process renews it, so after 10 s another program might have put its own lock
 * in its place, and that must stay.
 */
export class LockRemains {
  readonly #path: string
  readonly #found: BigIntStats

  private constructor(path: string, found: BigIntStats) {
    this.#path = path
    this.#found = found
  }

  /** Returns what is there now; undefined if nothing is. */
  static at(path: string): LockRemains | undefined {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? undefined : new LockRemains(path, found)
  }

  /** Removes it, if it is still there. Throws the system's error on failure. */
  remove(): void {
    const now = LockRemains.at(this.#path)
    if (now !== undefined && this.#isSame(now.#found)) rmdirSync(this.#path)
  }

  #isSame({ dev, ino, birthtimeNs, mtimeNs }: BigIntStats): boolean {
    const found = this.#found
    if (dev !== found.dev || ino !== found.ino || birthtimeNs !== found.birthtimeNs) return false
    // Inode numbers are soon reused. Without a birth time, only an unmodified directory is certainly the same.
    return birthtimeNs !== 0n || mtimeNs === found.mtimeNs
  }
}
