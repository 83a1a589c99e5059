import { clearTimeout, setTimeout } from '../wait/own-timers.js'
import { monotonicMs } from './monotonic-time.js'

/** How often a process polls for changes without a hint. */
export const PULSE_MS = 1250
/** The same for killed processes, which must be noticed within a second. */
export const DEATH_PULSE_MS = 950

/** Options of a pulse listener. */
export interface PulseOptions {
  /** Maximum time until the next call, in milliseconds; other listeners are called at the same time. @default 1250 */
  readonly everyMs?: number
  /** Whether it keeps the process alive. @default false */
  readonly keepsAlive?: boolean
}

const listeners = new Map<() => void, Required<PulseOptions>>()
let timer: NodeJS.Timeout | undefined
let lastBeatAt = 0

/**
 * Calls back at each pulse: the one slow timer that makes up for lost hints and detects changes that nothing announces. Events, the
 * registry and the process's own socket are all checked then, so an idle process wakes once for all of them. The first call can come
 * immediately. Returns a function that stops.
 */
export function onPulse(
  listener: () => void,
  { everyMs = PULSE_MS, keepsAlive = false }: PulseOptions = {},
): () => void {
  // Each call adds a separate listener, even for the same function.
  const beat = (): void => {
    listener()
  }
  if (listeners.size === 0) lastBeatAt = monotonicMs()
  listeners.set(beat, { everyMs, keepsAlive })
  schedule()
  return () => {
    if (listeners.delete(beat)) schedule()
  }
}

/** Counts from the last pulse, so that listeners that come and go delay no call. */
function schedule(): void {
  clearTimeout(timer)
  if (listeners.size === 0) return
  const wishes = [...listeners.values()]
  const everyMs = Math.min(...wishes.map((wish) => wish.everyMs))
  timer = setTimeout(beatAll, Math.max(1, lastBeatAt + everyMs - monotonicMs()))
  if (!wishes.some(({ keepsAlive }) => keepsAlive)) timer.unref()
}

function beatAll(): void {
  lastBeatAt = monotonicMs()
  for (const beat of [...listeners.keys()]) if (listeners.has(beat)) beat()
  schedule()
}
