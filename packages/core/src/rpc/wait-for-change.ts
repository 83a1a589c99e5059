import type { RegistryDriver } from '../drivers/driver.js'
import { onAbort } from '../base/wait/abort-signal.js'
import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'

/** Notifications are hints, and a server that is no longer hung sends none. */
const POLL_MS = 100

/** Waits until the registry might have changed, for at most `timeoutMs`, or until the signal is aborted. */
export function waitForChange(
  driver: RegistryDriver,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      stopWatching()
      stopListening()
      resolve()
    }
    const timer = setTimeout(finish, Math.min(timeoutMs, POLL_MS))
    const stopWatching = driver.watch(finish)
    const stopListening = onAbort(signal, finish)
  })
}
