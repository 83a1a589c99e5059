import { debug } from '../../../base/terminal/message.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import type { Home } from '../home/home.js'
import { RecordStore } from './record-store.js'
import { settleDead } from './settle-dead.js'

/** The death of a process is announced by nobody, so it is looked for this often while there are other processes. */
const LOOK_EVERY_MS = 1000
/** What one look may take; the next one goes on. */
const LOOK_BUDGET_MS = 50

/**
 * Notices within a second that another process was killed, and settles what it left. While the registry has no record of
 * another process it only waits for one. Keeps no process alive.
 */
export class DeathWatch {
  readonly #home: Home
  #stopWatch: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

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
    const lookSoon = (): void => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        if (this.look()) lookSoon()
      }, LOOK_EVERY_MS).unref()
    }
    this.#stopWatch = new RecordStore(this.#home).watch(lookSoon)
    // What came before the watch is told by nobody.
    lookSoon()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#stopWatch?.()
    this.#stopWatch = undefined
  }
}
