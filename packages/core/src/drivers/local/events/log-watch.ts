import { waitUnlessAborted } from '../../../base/wait/abort-signal.js'
import { onPulse, PULSE_MS } from '../../../base/process/pulse.js'
import { debug } from '../../../base/terminal/message.js'
import type { FileSystem } from '../home/file-system.js'
import { clearTimeout, setTimeout } from '../../../base/wait/own-timers.js'

/**
 * How soon readers poll without a hint: a watcher can silently lose hints, but loses them only when many arrive. The longer
 * none has come, the less there is to make up for; eventually only the process's pulse polls.
 */
const POLL_MS = 100
/** The same without a watcher, or with one that missed a change: inotify instances are limited per user. */
const POLL_UNWATCHED_MS = 25

/** What runs alongside a watch. */
interface Companion {
  start(): void
  stop(): void
}

/**
 * Wakes the readers of one log in this process: one watch on its directory for all of them, and a slow poll, since a
 * watch only gives hints. Keeps the process alive only while a reader waits.
 */
export class LogWatch {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #companion: Companion | undefined
  readonly #pulse: typeof onPulse
  readonly #waiters = new Set<() => void>()
  #watcher: { close(): void } | undefined
  #watching = false
  /** True if the last poll came from the timer. */
  #isPolled = false
  /** True if a timed poll found a change without a hint. */
  #isSilent = false
  #timer: NodeJS.Timeout | undefined
  #stopPulse: (() => void) | undefined
  /** The time without a hint after which to poll again. */
  #pollMs = POLL_MS
  #users = 0
  #changes = 0

  /** @param companion started and stopped with the watch */
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

  /** Increases with every hint. A reader notes it before it polls, so that no hint is lost before it waits. */
  get changes(): number {
    return this.#changes
  }

  /** Keeps the watch running until the returned function is called. */
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

  /** Wakes all waiting readers: a hint arrived, or this process has appended something. */
  readonly wake = (): void => {
    this.#pollMs = POLL_MS
    this.#wakeAll()
  }

  /** Called when a reader's poll found something new. */
  found(): void {
    // The hint can still arrive, which shows that the watch works.
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
    // A watch that starts now has missed writes since the last poll, so there must be one more.
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

  /** Starts the watch. Returns true if it has just started. */
  #watch(): boolean {
    if (this.#watching) return false
    this.#watching = true
    this.#companion?.start()
    try {
      // Only the poll keeps the process alive, and only while a reader waits.
      this.#watcher = this.#fileSystem.watch(this.#directory, this.#hint, { persistent: false })
      return true
    } catch (error) {
      // EMFILE, ENOSPC: the poll alone still delivers everything.
      debug(() => `no watch on ${this.#directory}, polling it instead: ${String(error)}`)
      return false
    }
  }

  #unwatch(): void {
    this.#rest()
    if (!this.#watching) return
    this.#watcher?.close()
    this.#watcher = undefined
    this.#watching = false
    this.#companion?.stop()
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
