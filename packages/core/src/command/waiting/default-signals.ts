const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP'] as const

/** Hands a signal to the listeners that the process has. */
export type Deliver = (signal: 'SIGINT') => void

/**
 * Calls a function that blocks, with signals working as for a process that listens to nothing: a blocked process never
 * gets to its listeners, so they are taken away meanwhile. Who dies there leaves what `kill -9` leaves. A signal that
 * the function notices by itself it can deliver: the listeners are called, and then it ends the process, since what they began
 * would not go on before the wait is over, and the command would run all the same.
 */
export function withDefaultSignals<T>(block: (deliver: Deliver) => T): T {
  let restore = takeListeners()
  try {
    return block((signal) => {
      restore()
      process.emit(signal, signal)
      restore = takeListeners()
      process.kill(process.pid, signal)
    })
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
