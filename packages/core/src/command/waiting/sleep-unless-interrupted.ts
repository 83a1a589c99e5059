const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED'

/**
 * Blocks the thread for so many milliseconds; false where Ctrl-C came first. No listener hears of a signal while the thread
 * is blocked, but Node can be told to break off a script at Ctrl-C, and that wakes the thread.
 */
export function sleepUnlessInterrupted(ms: number): boolean {
  const { runInThisContext } = process.getBuiltinModule('node:vm')
  try {
    runInThisContext(`Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`, {
      breakOnSigint: true,
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === INTERRUPTED) return false
    throw error
  }
}
