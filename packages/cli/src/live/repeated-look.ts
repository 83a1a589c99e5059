import { onAbort } from '@cli-ops/shared-ipc/ops'

/** A check that repeats until its signal aborts it. */
export interface RepeatedLook {
  /** Checks soon instead of at the next interval. */
  hurry(): void
  /** Like {@link hurry}; resolves when that check has ended, in success or failure, or if there will be none. */
  fresh(): Promise<void>
}

/** Options of {@link repeatLook}. */
export interface RepeatedLookOptions {
  readonly look: () => Promise<void>
  /** Called on each failure; checking continues. */
  readonly onError: (error: unknown) => void
  /**
   * Returns the time until the next check; called after each one. An expensive check repeats less often, so that it takes at most a
   * twentieth of the time.
   */
  readonly everyMs: () => number
  readonly signal: AbortSignal
}

const MAX_SHARE = 1 / 20
const MAX_PAUSE_MS = 5000
const LATELY = 5
const AFTER_FAILURE_MS = 1000
/** Hints come in bursts. */
const HURRIED_MS = 50

/** Checks repeatedly, never twice at the same time. */
export function repeatLook(options: RepeatedLookOptions): RepeatedLook {
  const { look, onError, everyMs, signal } = options
  let timer: NodeJS.Timeout | undefined
  let isLooking = false
  let isHurried = false
  /** The fastest of the recent checks shows what one costs; the others waited for a processor. */
  const lately: number[] = []
  let told: (() => void)[] = []
  const lookAfter = (ms: number): void => {
    clearTimeout(timer)
    if (!signal.aborted) timer = setTimeout(() => void run(), ms)
  }
  const run = async (): Promise<void> => {
    isLooking = true
    isHurried = false
    const waiting = told
    told = []
    const began = performance.now()
    let pauseMs: number
    try {
      await look()
      lately.push(performance.now() - began)
      if (lately.length > LATELY) lately.shift()
      pauseMs = Math.max(everyMs(), Math.min(Math.min(...lately) / MAX_SHARE, MAX_PAUSE_MS))
    } catch (error) {
      pauseMs = Math.max(everyMs(), AFTER_FAILURE_MS)
      if (!signal.aborted) onError(error)
    }
    isLooking = false
    for (const tell of waiting) tell()
    lookAfter(isHurried ? HURRIED_MS : pauseMs)
  }
  onAbort(signal, () => {
    clearTimeout(timer)
    for (const tell of told) tell()
  })
  const hurry = (): void => {
    if (isHurried) return
    isHurried = true
    if (!isLooking) lookAfter(HURRIED_MS)
  }
  if (!signal.aborted) void run()
  return {
    hurry,
    fresh: () =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve()
          return
        }
        told.push(resolve)
        hurry()
      }),
  }
}
