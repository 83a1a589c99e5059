import {
  clearImmediate,
  clearTimeout,
  setImmediate,
  setTimeout,
} from '../../../base/wait/own-timers.js'

/** Short, so that a busy moment of this process uses up no more than one slice. */
const SLICE_MS = 50

/**
 * Calls back after an amount of time during which this process could run. A period in which it was busy or not scheduled
 * counts as one slice, however long it was, and data that arrived during that period is read first. The callback can return a function
 * that stops its own further waiting. Returns a function that stops.
 */
export function ownTime(ms: number, callback: () => (() => unknown) | void): () => void {
  let left = ms
  let stopNext: (() => unknown) | void
  let immediate: NodeJS.Immediate | undefined
  let timer = setTimeout(slice, Math.min(SLICE_MS, left))
  function slice(): void {
    left -= SLICE_MS
    // Timers run before sockets are read; setImmediate runs after that.
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
