import { debug } from '../../../diagnostics/message.js'
import type { FileSystem } from '../file-system.js'

/** How often readers look without a hint, where hints come: a watcher may lose them without saying so. */
const POLL_MS = 100
/** The same where no watcher can be had: inotify instances are limited per user. */
const POLL_UNWATCHED_MS = 25

/**
 * Wakes the readers of one log in this process: one watch on its directory for all of them, and a slow poll, since a
 * watch is only a hint. The timer runs, and keeps the process alive, only while somebody waits.
 */
export class LogWatch {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #waiters = new Set<() => void>()
  #watcher: { close(): void } | undefined
  #watching = false
  #timer: NodeJS.Timeout | undefined
  #users = 0
  #changes = 0

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
  }

  /** Rises with every hint. A reader notes it before it looks, so that no hint is lost until it waits. */
  get changes(): number {
    return this.#changes
  }

  /** Takes part in the watch until the returned function is called. */
  use(): () => void {
    this.#users += 1
    let used = true
    return () => {
      if (!used) return
      used = false
      this.#users -= 1
      if (this.#users === 0) this.#unwatch()
    }
  }

  /** Wakes everybody who waits: this process has appended something itself. */
  readonly wake = (): void => {
    this.#changes += 1
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const waiter of waiters) waiter()
  }

  /** Resolves at the next hint after `seen`, or at the next poll. Rejects with the signal's reason once aborted. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    // A watch that begins now has missed what was written since the look, so there must be one more.
    const began = this.#watch()
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      if (began || this.#changes !== seen) {
        resolve()
        return
      }
      const abort = (): void => {
        this.#waiters.delete(waiter)
        if (this.#waiters.size === 0) this.#stopTimer()
        reject(signal.reason as Error)
      }
      const waiter = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiters.add(waiter)
      this.#timer ??= setTimeout(this.wake, this.#watcher ? POLL_MS : POLL_UNWATCHED_MS)
    })
  }

  /** Starts the watch. True when it has just begun. */
  #watch(): boolean {
    if (this.#watching) return false
    this.#watching = true
    try {
      // The timer is what keeps the process alive, so that it does so only while somebody waits.
      this.#watcher = this.#fileSystem.watch(this.#directory, this.wake, { persistent: false })
      return true
    } catch (error) {
      // EMFILE, ENOSPC: the poll alone still delivers everything.
      debug(() => `no watch on ${this.#directory}, polling it instead: ${String(error)}`)
      return false
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.#watching = false
    this.#stopTimer()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
