import { monotonicMs } from './monotonic-time.js'

/** How often a process looks by itself for what no hint has told. */
export const PULSE_MS = 1250
/** The same where a process may have been killed, which is promised to be noticed within a second. */
export const DEATH_PULSE_MS = 950

// Those of the process, which a test's fake timers do not replace: one that stands still must not take the net from everybody else.
const { setTimeout, clearTimeout } = process.getBuiltinModule('node:timers')

/** What a place in the pulse does to the process. */
export interface PulseOptions {
  /** How long it may be until the next call, in milliseconds; others are called then as well. @default 1250 */
  readonly everyMs?: number
  /** Whether the process lives on for it. @default false */
  readonly keepsAlive?: boolean
}

const listeners = new Map<() => void, Required<PulseOptions>>()
let timer: NodeJS.Timeout | undefined
let lastBeatAt = 0

/**
 * Calls back at each pulse: the one slow timer by which a process makes up for lost hints and finds what nothing announces. Whoever looks, at
 * events, at the registry or for its own socket, looks then, so that an idle process wakes once for all of them. The first
 * call may come at once. Returns a function that stops.
 */
export function onPulse(
  listener: () => void,
  { everyMs = PULSE_MS, keepsAlive = false }: PulseOptions = {},
): () => void {
  // Each use is a listener of its own, also of the same function.
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

/** Counts from the last pulse, so that listeners who come and go put off nobody's call. */
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
