import { onAbort } from '@cli-ops/shared-ipc/ops'

/** A look that is repeated until its signal ends it. */
export interface RepeatedLook {
  /** Looks soon rather than at the next turn. */
  hurry(): void
  /** As {@link hurry}; resolves when that look is over, well or not, or there will be none. */
  fresh(): Promise<void>
}

/** Options of {@link repeatLook}. */
export interface RepeatedLookOptions {
  readonly look: () => Promise<void>
  /** Told of each failure; looking goes on. */
  readonly onError: (error: unknown) => void
  /** Time between two looks, asked after each. A look that is expensive is repeated less often, so that it takes at most a twentieth. */
  readonly everyMs: () => number
  readonly signal: AbortSignal
}

const MAX_SHARE = 1 / 20
const MAX_PAUSE_MS = 5000
const LATELY = 5
const AFTER_FAILURE_MS = 1000
/** Hints come in crowds. */
const HURRIED_MS = 50

/** Looks again and again, never twice at once. */
export function repeatLook(options: RepeatedLookOptions): RepeatedLook {
  const { look, onError, everyMs, signal } = options
  let timer: NodeJS.Timeout | undefined
  let isLooking = false
  let isHurried = false
  /** The quickest of the last looks tells what one costs; the others waited for a processor. */
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
