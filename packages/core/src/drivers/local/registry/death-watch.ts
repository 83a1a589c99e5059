import { debug } from '../../../base/terminal/message.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { DEATH_PULSE_MS, onPulse } from '../../../base/process/pulse.js'
import type { Home } from '../home/home.js'
import { RecordStore } from './record-store.js'
import { settleDead } from './settle-dead.js'

/** What one look may take; the next one goes on. */
const LOOK_BUDGET_MS = 50

/**
 * Notices that another process was killed, and settles what it left. Nobody announces a death, so it looks at each pulse, and
 * while the registry has no record of another process it only waits for one. Keeps no process alive.
 */
export class DeathWatch {
  readonly #home: Home
  #stopWatch: (() => void) | undefined
  #stopPulse: (() => void) | undefined

  constructor(home: Home) {
    this.#home = home
  }

  /** Looks once, and settles what is dead. True where a further look may find more. */
  look(): boolean {
    try {
      return settleDead(this.#home, { deadline: monotonicMs() + LOOK_BUDGET_MS }).hasOthers
    } catch (error) {
      // Whoever uses the registry itself is told.
      debug(() => `cannot look for killed processes: ${String(error)}`)
      return true
    }
  }

  /** Looks again and again, until {@link stop}. */
  start(): void {
    if (this.#stopWatch !== undefined) return
    const look = (): void => {
      if (!this.look()) this.#rest()
    }
    const goOn = (): void => {
      this.#stopPulse ??= onPulse(look, { everyMs: DEATH_PULSE_MS })
    }
    this.#stopWatch = new RecordStore(this.#home).watch(goOn)
    // What came before the watch is told by nobody.
    goOn()
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
