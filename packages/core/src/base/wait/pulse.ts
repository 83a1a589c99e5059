/** How often a process looks by itself for what no hint has told. */
export const PULSE_MS = 1250

// Those of the process, which a test's fake timers do not replace: one that stands still must not take the net from everybody else.
const { setInterval, clearInterval } = process.getBuiltinModule('node:timers')

const listeners = new Set<() => void>()
let keepers = 0
let timer: NodeJS.Timeout | undefined

/** What a place in the pulse does to the process. */
export interface PulseOptions {
  /** Whether the process lives on for it. @default false */
  readonly keepsAlive?: boolean
}

/**
 * Calls back at each pulse: the one slow timer by which a process makes up for lost hints and finds what nothing announces. Whoever looks, at
 * events, at the registry or for its own socket, looks then, so that an idle process wakes once for all of them. The first
 * call may come at once. Returns a function that stops.
 */
export function onPulse(
  listener: () => void,
  { keepsAlive = false }: PulseOptions = {},
): () => void {
  // Each use is a listener of its own, also of the same function.
  const beat = (): void => {
    listener()
  }
  listeners.add(beat)
  if (keepsAlive) keepers += 1
  applyPulse()
  return () => {
    if (!listeners.delete(beat)) return
    if (keepsAlive) keepers -= 1
    applyPulse()
  }
}

function applyPulse(): void {
  if (listeners.size === 0) {
    clearInterval(timer)
    timer = undefined
    return
  }
  timer ??= setInterval(beatAll, PULSE_MS)
  if (keepers > 0) timer.ref()
  else timer.unref()
}

function beatAll(): void {
  for (const beat of [...listeners]) if (listeners.has(beat)) beat()
}
