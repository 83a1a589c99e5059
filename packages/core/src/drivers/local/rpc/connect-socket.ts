import type { Socket } from 'node:net'

import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { onAbort } from '../../../base/wait/abort-signal.js'
import { pause } from '../../../base/wait/pause.js'

const FIRST_RETRY_MS = 1
const MAX_RETRY_MS = 50
/** If a full backlog looks like a missing listener, a missing listener is only assumed after this time. */
const REFUSED_RETRY_MS = 200

/**
 * Connects to a Unix socket or a named pipe. Retries a listener with a full backlog until the signal is aborted.
 *
 * @throws CliOpsError `NO_RESPONDER` if no process listens; the signal's reason once aborted
 */
export async function connectSocket(endpoint: string, signal: AbortSignal): Promise<Socket> {
  const started = performance.now()
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
    signal.throwIfAborted()
    try {
      return await connectOnce(endpoint, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isBusy(error, performance.now() - started)) {
        throw new CliOpsError('NO_RESPONDER', `nobody answers at ${endpoint}`, { cause: error })
      }
    }
    await pause(delayMs, signal)
  }
}

function connectOnce(endpoint: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Loading node:net takes 2 ms, so only actual connections pay for it.
    const socket = process.getBuiltinModule('node:net').connect({
      path: endpoint,
      allowHalfOpen: true,
    })
    const stopListening = onAbort(signal, () => {
      socket.destroy()
      reject(signal.reason as Error)
    })
    socket.once('connect', () => {
      stopListening()
      socket.removeListener('error', fail)
      resolve(socket)
    })
    const fail = (error: Error): void => {
      stopListening()
      reject(error)
    }
    socket.once('error', fail)
  })
}

/** Linux returns EAGAIN for a full backlog; macOS and the BSDs return ECONNREFUSED, as for no listener at all. */
function isBusy(error: unknown, elapsedMs: number): boolean {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EAGAIN') return true
  return (
    code === 'ECONNREFUSED' &&
    process.platform !== 'linux' &&
    process.platform !== 'win32' &&
    elapsedMs < REFUSED_RETRY_MS
  )
}
