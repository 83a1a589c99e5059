const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Hands a signal to the listeners that the process has. */
export type Deliver = (signal: 'SIGINT') => void

/**
 * Calls a function that blocks, with signals working as for a process that listens to nothing: a blocked process never
 * gets to its listeners, so they are taken away meanwhile. Who dies there leaves what `kill -9` leaves. A signal that
 * the function notices by itself it can deliver to those listeners.
 */
export function withDefaultSignals<T>(block: (deliver: Deliver) => T): T {
  let restore = takeListeners()
  try {
    return block((signal) => {
      restore()
      // Without a listener a signal ends the process, which it does where it is sent once more.
      if (!process.emit(signal, signal)) process.kill(process.pid, signal)
      restore = takeListeners()
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
