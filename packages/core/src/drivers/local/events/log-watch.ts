import { waitUnlessAborted } from '../../../base/wait/abort-signal.js'
import { onPulse, PULSE_MS } from '../../../base/process/pulse.js'
import { debug } from '../../../base/terminal/message.js'
import type { FileSystem } from '../home/file-system.js'

/**
 * How soon readers look without a hint: a watcher may lose them without saying so. It loses them when many come, so the longer
 * none has come, the less there is to make up for; at last only the pulse of the process looks.
 */
const POLL_MS = 100
/** The same without a watcher, or with one that was silent of what was found: inotify instances are limited per user. */
const POLL_UNWATCHED_MS = 25

/** What goes on beside a watch. */
interface Companion {
  start(): void
  stop(): void
}

/**
 * Wakes the readers of one log in this process: one watch on its directory for all of them, and a slow poll, since a
 * watch is only a hint. Keeps the process alive only while somebody waits.
 */
export class LogWatch {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #companion: Companion | undefined
  readonly #pulse: typeof onPulse
  readonly #waiters = new Set<() => void>()
  #watcher: { close(): void } | undefined
  #watching = false
  /** The last look came by the time. */
  #isPolled = false
  /** No hint has told of what a look by the time has found. */
  #isSilent = false
  #timer: NodeJS.Timeout | undefined
  #stopPulse: (() => void) | undefined
  /** After how long without a hint there is the next look. */
  #pollMs = POLL_MS
  #users = 0
  #changes = 0

  /** @param companion started with the watch and stopped with it */
  constructor(
    fileSystem: FileSystem,
    directory: string,
    companion?: Companion,
    pulse: typeof onPulse = onPulse,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#companion = companion
    this.#pulse = pulse
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

  /** Wakes everybody who waits: something was said to have changed, or this process has appended something itself. */
  readonly wake = (): void => {
    this.#pollMs = POLL_MS
    this.#wakeAll()
  }

  /** A reader has found something new at its look. */
  found(): void {
    // The hint may still come, which then says that all is well.
    if (this.#isPolled) this.#isSilent = true
  }

  readonly #hint = (): void => {
    this.#isSilent = false
    this.wake()
  }

  readonly #poll = (): void => {
    this.#pollMs *= 2
    this.#wakeAll()
    this.#isPolled = true
  }

  #wakeAll(): void {
    this.#changes += 1
    this.#isPolled = false
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    this.#rest()
    for (const waiter of waiters) waiter()
  }

  /** Resolves at the next hint after `seen`, or at the next poll. Rejects with the signal's reason once aborted. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    // A watch that begins now has missed what was written since the look, so there must be one more.
    const began = this.#watch()
    return waitUnlessAborted(signal, (done) => {
      if (began || this.#changes !== seen) done()
      else {
        this.#waiters.add(done)
        this.#pollLater()
      }
      return () => {
        this.#waiters.delete(done)
        if (this.#waiters.size === 0) this.#rest()
      }
    })
  }

  /** Starts the watch. True when it has just begun. */
  #watch(): boolean {
    if (this.#watching) return false
    this.#watching = true
    this.#companion?.start()
    try {
      // The poll is what keeps the process alive, so that it does so only while somebody waits.
      this.#watcher = this.#fileSystem.watch(this.#directory, this.#hint, { persistent: false })
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
    this.#companion?.stop()
    this.#rest()
  }

  #pollLater(): void {
    this.#stopPulse ??= this.#pulse(this.#poll, { keepsAlive: true })
    const hears = this.#watcher !== undefined && !this.#isSilent
    const ms = hears ? this.#pollMs : POLL_UNWATCHED_MS
    if (ms < PULSE_MS) this.#timer ??= setTimeout(this.#poll, ms)
  }

  #rest(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stopPulse?.()
    this.#stopPulse = undefined
  }
}
