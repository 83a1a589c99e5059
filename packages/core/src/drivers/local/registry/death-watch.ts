import { openLifeFile } from '../../../base/process/life-file.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { DEATH_PULSE_MS, onPulse, PULSE_MS } from '../../../base/process/pulse.js'
import { debug } from '../../../base/terminal/message.js'
import { setTimeout } from '../../../base/wait/own-timers.js'
import type { Home } from '../home/home.js'
import { EndWatches } from './end-watches.js'
import { RecordStore } from './record-store.js'
import { settleDead, type Settled } from './settle-dead.js'

/** The time limit of one check; the next one continues. */
const LOOK_BUDGET_MS = 50
/** The kernel tells of an end shortly before the process counts as dead; after these checks, the pulse continues. */
const ENDING_LOOKS_MS = [0, 10, 100]

/**
 * Detects that another process was killed, and settles what it left. The kernel tells of the end of a process that has a life file; all
 * others are checked at each pulse. While the registry has no record of another process, it only waits for one. Keeps no process alive.
 */
export class DeathWatch {
  readonly #home: Home
  readonly #pulse: typeof onPulse
  readonly #ends = new EndWatches(() => {
    for (const delayMs of ENDING_LOOKS_MS) setTimeout(() => this.#check(), delayMs).unref()
  })
  readonly #listeners = new Set<() => void>()
  #users = 0
  /** The processes that the last check found. */
  #lastLiving = ''
  #stopWatch: (() => void) | undefined
  #stopPulse: (() => void) | undefined
  #pulseMs = 0

  constructor(home: Home, pulse: typeof onPulse = onPulse) {
    this.#home = home
    this.#pulse = pulse
  }

  /** Checks once, and settles dead processes. */
  look(): void {
    this.#settle()
  }

  /**
   * Checks repeatedly until the returned function is called, and calls `listener` if a check finds other processes than the last one: where
   * the file system reports no changes, nothing else tells of them.
   */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.start()
    return () => {
      if (this.#listeners.delete(listener)) this.stop()
    }
  }

  /** Checks repeatedly, until each user has called {@link stop}. */
  start(): void {
    this.#users += 1
    if (this.#users > 1) return
    // It runs for a while, so others should not have to poll for its end either.
    openLifeFile(this.#home.root)
    const resume = (): void => {
      this.#checkEvery(DEATH_PULSE_MS)
    }
    this.#stopWatch = new RecordStore(this.#home).watch(resume)
    // No hint reports what came before the watch.
    resume()
  }

  stop(): void {
    this.#users -= 1
    if (this.#users > 0) return
    this.#rest()
    this.#ends.close()
    this.#stopWatch?.()
    this.#stopWatch = undefined
  }

  #settle(): Settled | undefined {
    try {
      return settleDead(this.#home, { deadline: monotonicMs() + LOOK_BUDGET_MS })
    } catch (error) {
      // Direct users of the registry get the error.
      debug(() => `cannot look for killed processes: ${String(error)}`)
      return undefined
    }
  }

  #check(): void {
    if (this.#stopWatch === undefined) return
    const settled = this.#settle()
    if (settled === undefined) return
    const { living, hasMore } = settled
    const found = [...living].sort().join('/')
    if (found !== this.#lastLiving) for (const listener of [...this.#listeners]) listener()
    this.#lastLiving = found
    const areAllWatched = this.#ends.set(living)
    if (hasMore || !areAllWatched) this.#checkEvery(DEATH_PULSE_MS)
    else if (living.size > 0) this.#checkEvery(PULSE_MS)
    else this.#rest()
  }

  #checkEvery(everyMs: number): void {
    if (this.#pulseMs === everyMs) return
    this.#rest()
    this.#pulseMs = everyMs
    this.#stopPulse = this.#pulse(() => this.#check(), { everyMs })
  }

  #rest(): void {
    this.#stopPulse?.()
    this.#stopPulse = undefined
    this.#pulseMs = 0
  }
}
