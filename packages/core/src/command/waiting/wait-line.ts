import { withinTime } from '../../base/wait/race.js'
import type { LockInfo } from '../../locks/contract/lock-types.js'
import { WaitDisplay } from './wait-display.js'
import { clearTimeout, setTimeout } from '../../base/wait/own-timers.js'

/** Shows a waiting person, on stderr, who holds the lock, for how long, and the queue position. */
export interface WaitLine {
  /** For `LockOptions.onWait`. */
  readonly onWait: (info: LockInfo) => void
  /** Stops the display once the lock was granted or given up. */
  stop(): void
}

/** Options of {@link createWaitLine}. */
export interface WaitLineOptions {
  /** The process in the queue. @default this one */
  readonly pid?: number | undefined
  /**
   * Reads the lock's current state before each line. Without it, a line shows the last call of `onWait`, which is not called for every
   * move of the queue.
   */
  readonly look?: (() => Promise<LockInfo | null>) | undefined
}

/** A line is not kept waiting for a slow engine: its answer is in the next one. */
const LOOK_MS = 100

/**
 * Creates the display for one wait: on a terminal, one line that is kept up to date; in a log, a line at growing
 * intervals. A wait of less than 150 ms shows nothing.
 *
 * @example
 * ```ts
 * const line = createWaitLine({ look: () => locks.inspect('db') })
 * const lock = await locks.lock('db', { onWait: line.onWait }).finally(() => line.stop())
 * ```
 */
export function createWaitLine({ pid = process.pid, look }: WaitLineOptions = {}): WaitLine {
  const display = new WaitDisplay(pid)
  let latest: LockInfo | undefined
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isOver = false
  const refresh = async (): Promise<void> => {
    const info = await look?.()
    if (info === null || info === undefined) return
    // Free, and this waiter is the next: the one before is still what it waited for. An engine that grants nothing yet, as well.
    const isFree = info.id === ''
    if (isFree && (info.owner.pid === pid || latest?.closedUntil !== undefined)) return
    latest = info
  }
  const show = async (): Promise<void> => {
    // How long an engine may be away, the wait itself decides.
    looking ??= refresh()
      .catch(() => undefined)
      .finally(() => (looking = undefined))
    await withinTime(looking, LOOK_MS)
    if (isOver) return
    if (latest !== undefined) display.show(latest)
    schedule()
  }
  const schedule = (): void => {
    timer = setTimeout(() => void show(), display.restMs)
    timer.unref()
  }
  return {
    onWait(info) {
      latest = info
      if (timer === undefined) schedule()
    },
    stop() {
      isOver = true
      clearTimeout(timer)
      display.end()
    },
  }
}
