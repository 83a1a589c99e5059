/** Starts a watch; returns `undefined` if nothing can be watched. Throws `ENOENT` if the file to watch has gone. */
export type Arm = (listener: () => void) => { close(): void } | undefined

/**
 * One watch at a time, good for one hint. Hints can get lost and watches can run out (`EMFILE`, `ENOSPC`), so users
 * of this poll as well.
 */
export class HintWatch {
  readonly #listener: () => void
  #key = ''
  #watcher: { close(): void } | undefined
  /** A key that could not be watched is not tried at each poll. */
  #refused = ''

  constructor(listener: () => void) {
    this.#listener = listener
  }

  get isArmed(): boolean {
    return this.#watcher !== undefined
  }

  /**
   * Watches the file that the key stands for, or nothing if the key is empty. Returns true if the caller has to poll again: the watch is
   * new, or there is nothing left to watch.
   */
  isNewOn(key: string, arm: Arm): boolean {
    if (key === this.#refused || (this.#watcher !== undefined && this.#key === key)) return false
    this.close()
    this.#refused = ''
    if (key === '') return false
    this.#key = key
    try {
      const watcher = arm(() => this.#hear(watcher))
      this.#watcher = watcher
      if (watcher === undefined) this.#refused = key
      return watcher !== undefined
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT'
    }
  }

  /** Stops watching, unless it is the file that the key stands for. */
  closeUnless(key: string): void {
    if (this.#key !== key) this.close()
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  // The key might stand for another file by now, so the next poll sets up the watch again.
  #hear(watcher: { close(): void } | undefined): void {
    if (watcher === undefined || this.#watcher !== watcher) return
    this.close()
    this.#listener()
  }
}
