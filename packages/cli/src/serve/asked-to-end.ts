import { closeSync, openSync } from 'node:fs'

import type { CommandEnd } from '../end-as.js'

/**
 * Resolves to the signal that asks this process to end. SIGHUP calls `onReload` instead, unless it means that this process's
 * terminal was closed.
 */
export function askedToEnd(onReload: () => void): Promise<CommandEnd> {
  const hadTerminal = hasTerminal()
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
    const onHangUp = (): void => {
      if (!hadTerminal || hasTerminal()) {
        onReload()
        return
      }
      process.removeListener('SIGHUP', onHangUp)
      resolve('SIGHUP')
    }
    process.on('SIGHUP', onHangUp)
  })
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
