/** Short, so that a busy moment of this process takes no more than one of them. */
const SLICE_MS = 50

/**
 * Calls back after a time in which this process was there to look: a moment in which it was busy, or not given the processor,
 * counts as one slice, however long it was, and what arrived meanwhile is read first. The callback may return what
 * stops its own further waiting. Returns a function that stops.
 */
export function ownTime(ms: number, callback: () => (() => unknown) | void): () => void {
  let left = ms
  let stopNext: (() => unknown) | void
  let immediate: NodeJS.Immediate | undefined
  let timer = setTimeout(slice, Math.min(SLICE_MS, left))
  function slice(): void {
    left -= SLICE_MS
    // Timers run before the sockets are read; the look at those comes between these two.
    immediate = setImmediate(() => {
      immediate = setImmediate(() => {
        if (left > 0) timer = setTimeout(slice, Math.min(SLICE_MS, left))
        else stopNext = callback()
      })
    })
  }
  return () => {
    clearTimeout(timer)
    if (immediate !== undefined) clearImmediate(immediate)
    stopNext?.()
  }
}
