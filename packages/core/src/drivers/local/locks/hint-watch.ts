import type { FileSystem } from '../file-system.js'

/**
 * One watch at a time, good for one hint. Hints may be lost and watches may run out (`EMFILE`, `ENOSPC`): whoever
 * uses this polls as well.
 */
export class HintWatch {
  readonly #fileSystem: FileSystem
  readonly #listener: () => void
  #path: string | undefined
  #watcher: { close(): void } | undefined

  constructor(fileSystem: FileSystem, listener: () => void) {
    this.#fileSystem = fileSystem
    this.#listener = listener
  }

  get isArmed(): boolean {
    return this.#watcher !== undefined
  }

  /**
   * Watches a path. Returns true where the caller has to look again: the watch is new, or there is nothing to
   * watch any more.
   */
  isNewOn(path: string): boolean {
    if (this.#watcher !== undefined && this.#path === path) return false
    this.close()
    try {
      const watcher = this.#fileSystem.watch(path, () => this.#hear(watcher), { persistent: false })
      this.#watcher = watcher
      this.#path = path
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT'
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  // The path may stand for another file by now, so the next look arms the watch anew.
  #hear(watcher: { close(): void }): void {
    if (this.#watcher !== watcher) return
    this.close()
    this.#listener()
  }
}
