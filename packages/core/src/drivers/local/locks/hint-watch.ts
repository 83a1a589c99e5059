/** Begins to watch; `undefined` where nothing can be watched. Throws `ENOENT` where what was to be watched is gone. */
export type Arm = (listener: () => void) => { close(): void } | undefined

/**
 * One watch at a time, good for one hint. Hints may be lost and watches may run out (`EMFILE`, `ENOSPC`): whoever
 * uses this looks by the time as well.
 */
export class HintWatch {
  readonly #listener: () => void
  #key = ''
  #watcher: { close(): void } | undefined
  /** What could not be watched is not tried at each look. */
  #refused = ''

  constructor(listener: () => void) {
    this.#listener = listener
  }

  get isArmed(): boolean {
    return this.#watcher !== undefined
  }

  /**
   * Watches what the key stands for, and nothing any more where that is empty. Returns true where the caller has to look again: the watch is
   * new, or there is nothing to watch any more.
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

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  // The key may stand for something else by now, so the next look arms the watch anew.
  #hear(watcher: { close(): void } | undefined): void {
    if (watcher === undefined || this.#watcher !== watcher) return
    this.close()
    this.#listener()
  }
}
