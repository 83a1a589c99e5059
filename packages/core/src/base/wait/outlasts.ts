import { clearTimeout, setTimeout } from './own-timers.js'

/** Resolves to whether a promise takes longer than this many milliseconds to settle. Keeps no process alive. */
export function outlasts(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => {
        resolve(true)
      },
      Math.max(0, ms),
    ).unref()
    const settled = (): void => {
      clearTimeout(timer)
      resolve(false)
    }
    promise.then(settled, settled)
  })
}
