const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Calls a function that blocks, with Ctrl-C working as for a process that listens to nothing: a blocked process never
 * gets to its listeners, so they are taken away meanwhile. Who dies there leaves what `kill -9` leaves.
 */
export function withDefaultSignals<T>(block: () => T): T {
  const listeners = SIGNALS.map((signal) => [signal, process.rawListeners(signal)] as const)
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  try {
    return block()
  } finally {
    for (const [signal, saved] of listeners) {
      for (const listener of saved) process.on(signal, listener as NodeJS.SignalsListener)
    }
  }
}
