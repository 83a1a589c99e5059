const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const
const INTERRUPTED = 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
/** The script below sees globals only. */
const KEY = Symbol.for('cli-ops.wait')

/**
 * Calls a function that blocks, with signals working as for a process that listens to nothing: a blocked process never
 * gets to its listeners, so they are taken away meanwhile. Who dies there leaves what `kill -9` leaves.
 *
 * A process that listens to Ctrl-C hears it, wherever the wait is, from the moment others see it wait: the wait is cut off, in the
 * middle of a step maybe, the listeners are called, and then the process ends, since what they began would not go on before
 * the wait is over, and the command would run all the same.
 *
 * @param wait is told whether Ctrl-C is heard, for which it must not block in a system call
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

/** Takes the listeners to all signals away; returns what puts them back. */
function takeListeners(): () => void {
  const listeners = SIGNALS.map((signal) => [signal, process.rawListeners(signal)] as const)
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  return () => {
    for (const [signal, saved] of listeners) {
      for (const listener of saved) process.on(signal, listener as NodeJS.SignalsListener)
    }
  }
}

/** Returns false where Ctrl-C has cut it off. Node can be told to break off a script, and nothing else of a blocked thread hears of a signal. */
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
