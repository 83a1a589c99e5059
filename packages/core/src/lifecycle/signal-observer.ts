import type { ProcessEnd } from './exit-observer.js'

/** The signals that end a process from its terminal, its parent or its closed terminal. */
const SIGNALS: readonly (readonly [signal: NodeJS.Signals, number: number])[] =
  process.platform === 'win32'
    ? [
        ['SIGINT', 2],
        ['SIGBREAK', 21],
      ]
    : [
        ['SIGINT', 2],
        ['SIGTERM', 15],
        ['SIGHUP', 1],
      ]

/**
 * Calls `finish` when a signal is about to end the process. Where the host listens to the signal itself, the
 * decision is the host's and nothing is done. Else the listener is taken back and the signal raised again, so
 * that the process ends by it and its parent sees 130 or 143 as ever.
 */
export function observeSignals(finish: (end: ProcessEnd) => void): void {
  for (const [signal, number] of SIGNALS) {
    const listener = (): void => {
      if (process.listenerCount(signal) - 1 > waitingListeners()) return
      finish({ exitCode: 128 + number, signal })
      process.removeListener(signal, listener)
      process.kill(process.pid, signal)
    }
    process.on(signal, listener)
  }
}

/**
 * Counts the listeners of signal-exit, versions 3 and 4, which thousands of CLIs load: they too step back while
 * anybody else listens, so that two such libraries would make Ctrl-C do nothing.
 */
function waitingListeners(): number {
  const version3 = (process as { readonly __signal_exit_emitter__?: unknown })
    .__signal_exit_emitter__
  const version4 = (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')]
  return countOf(version3) + countOf(version4)
}

function countOf(emitter: unknown): number {
  const count = (emitter as { readonly count?: unknown } | undefined)?.count
  return typeof count === 'number' ? count : 0
}
