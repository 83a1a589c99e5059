import type { LockInfo } from '../../locks/contract/lock-types.js'
import { WaitDisplay } from './wait-display.js'

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
}

/**
 * Creates the display for one wait: on a terminal, one line that is kept up to date; in a log, a line at growing
 * intervals. A wait of less than 150 ms shows nothing.
 *
 * @example
 * ```ts
 * const line = createWaitLine()
 * const lock = await locks.lock('db', { onWait: line.onWait }).finally(() => line.stop())
 * ```
 */
export function createWaitLine({ pid }: WaitLineOptions = {}): WaitLine {
  const display = new WaitDisplay(pid)
  let latest: LockInfo | undefined
  let timer: NodeJS.Timeout | undefined
  const schedule = (): void => {
    timer = setTimeout(() => {
      if (latest !== undefined) display.show(latest)
      schedule()
    }, display.restMs)
    timer.unref()
  }
  return {
    onWait(info) {
      latest = info
      if (timer === undefined) schedule()
    },
    stop() {
      clearTimeout(timer)
      display.end()
    },
  }
}
