/** Resolves to true where a promise takes longer than so many milliseconds to settle, else to false. Keeps no process alive. */
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
