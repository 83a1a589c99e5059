const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const
const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
/** The script below sees globals only. */
const KEY = Symbol.for('cli-ops.wait')

/**
 * Calls a blocking function so that signals work as in a process without listeners: a blocked process never reaches
 * its listeners, so they are removed meanwhile. A process that dies there leaves what `kill -9` leaves.
 *
 * A process that listens for Ctrl-C notices it at any point of the wait, from the moment others see it waiting. The wait is
 * interrupted, perhaps in the middle of a step, the listeners are called, and then the process ends: anything they started could
 * not continue before the wait is over, and the command would run anyway.
 *
 * @param wait receives whether Ctrl-C is watched; if so, it must not block in a system call
 */
export function whileBlocked<T>(wait: (isHeard: boolean) => T): T {
  const isHeard = process.listenerCount('SIGINT') > 0
  let restore = takeListeners()
  try {
    if (!isHeard) return wait(false)
    const results: T[] = []
    while (!runsToItsEnd(() => results.push(wait(true)))) {
      restore()
      process.emit('SIGINT', 'SIGINT')
      restore = takeListeners()
      process.kill(process.pid, 'SIGINT')
    }
    return results[0] as T
  } finally {
    restore()
  }
}

/** Removes the listeners to all signals; returns a function that restores them. */
function takeListeners(): () => void {
  const listeners = SIGNALS.map((signal) => [signal, process.rawListeners(signal)] as const)
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  return () => {
    for (const [signal, saved] of listeners) {
      for (const listener of saved) process.on(signal, listener as NodeJS.SignalsListener)
    }
  }
}

/** Returns false if Ctrl-C interrupted the work. Node can interrupt a script; nothing else in a blocked thread notices a signal. */
function runsToItsEnd(work: () => void): boolean {
  const { runInThisContext } = process.getBuiltinModule('node:vm')
  const scope = globalThis as typeof globalThis & { [KEY]?: () => void }
  scope[KEY] = work
  try {
    runInThisContext(`globalThis[Symbol.for('${KEY.description}')]()`, { breakOnSigint: true })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === INTERRUPTED) return false
    throw error
  } finally {
    Reflect.deleteProperty(scope, KEY)
  }
}
