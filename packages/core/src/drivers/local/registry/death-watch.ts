import { debug } from '../../../base/terminal/message.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { DEATH_PULSE_MS, onPulse } from '../../../base/process/pulse.js'
import type { Home } from '../home/home.js'
import { RecordStore } from './record-store.js'
import { settleDead } from './settle-dead.js'

/** The time limit of one check; the next one continues. */
const LOOK_BUDGET_MS = 50

/**
 * Detects that another process was killed, and settles what it left. No process announces its death, so this checks at each
 * pulse. While the registry has no record of another process, it only waits for one. Keeps no process alive.
 */
export class DeathWatch {
  readonly #home: Home
  #stopWatch: (() => void) | undefined
  #stopPulse: (() => void) | undefined

  constructor(home: Home) {
    this.#home = home
  }

  /** Checks once, and settles dead processes. Returns true if another check might find more. */
  look(): boolean {
    try {
      return settleDead(this.#home, { deadline: monotonicMs() + LOOK_BUDGET_MS }).hasOthers
    } catch (error) {
      // Direct users of the registry get the error.
      debug(() => `cannot check for killed processes: ${String(error)}`)
      return true
    }
  }

  /** Checks repeatedly, until {@link stop}. */
  start(): void {
    if (this.#stopWatch !== undefined) return
    const look = (): void => {
      if (!this.look()) this.#rest()
    }
    const resume = (): void => {
      this.#stopPulse ??= onPulse(look, { everyMs: DEATH_PULSE_MS })
    }
    this.#stopWatch = new RecordStore(this.#home).watch(resume)
    // No hint reports what came before the watch.
    resume()
  }

  stop(): void {
    this.#rest()
    this.#stopWatch?.()
    this.#stopWatch = undefined
  }

  #rest(): void {
    this.#stopPulse?.()
    this.#stopPulse = undefined
  }
}
