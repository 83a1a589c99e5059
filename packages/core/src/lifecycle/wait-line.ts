import { say } from '../diagnostics/message.js'
import { describeHolder } from '../locks/describe-owner.js'
import type { LockInfo } from '../locks/lock-types.js'

/** Shorter waits than this are not worth a line; a person must see one within 300 ms. */
const FIRST_AFTER_MS = 150
/** In a long queue the holder changes often. */
const AGAIN_AFTER_MS = 5_000

/** Tells the waiting person, on stderr, who holds the lock. */
export interface WaitLine {
  readonly onWait: (info: LockInfo) => void
  stop(): void
}

/** Makes the line for one wait. */
export function createWaitLine(): WaitLine {
  let latest: LockInfo | undefined
  let timer: NodeJS.Timeout | undefined
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => {
      timer = undefined
      if (latest === undefined) return
      say(`waiting for ${JSON.stringify(latest.resource)}, ${describeHolder(latest)}`)
      latest = undefined
      schedule(AGAIN_AFTER_MS)
    }, delayMs)
    timer.unref()
  }
  return {
    onWait(info) {
      latest = info
      if (timer === undefined) schedule(FIRST_AFTER_MS)
    },
    stop() {
      latest = undefined
      clearTimeout(timer)
    },
  }
}
