import { isCliOpsError } from '../../../errors/cli-ops-error.js'
import { createPing, isPong } from '../../../rpc/ping.js'
import type { RpcChannel } from '../../rpc-driver.js'
import type { FileSystem } from '../file-system.js'
import { openChannel } from './local-rpc.js'

const LIMITS = { maxMessageBytes: 64 * 1024, maxUnreadBytes: 64 * 1024 }

/** What a ping found: an answer, somebody who does not answer, or nobody at all. */
export type PingResult = 'answered' | 'silent' | 'gone'

/** Asks whoever listens at an endpoint for a sign of life. Never rejects. */
export async function pingEndpoint(
  endpoint: string,
  timeoutMs: number,
  fileSystem: FileSystem,
): Promise<PingResult> {
  const abort = new AbortController()
  const timer = setTimeout(() => {
    abort.abort()
  }, timeoutMs)
  let channel: RpcChannel | undefined
  try {
    channel = await openChannel(endpoint, LIMITS, abort.signal, fileSystem)
    return await waitForPong(channel, abort.signal)
  } catch (error) {
    if (abort.signal.aborted) return 'silent'
    // Out of descriptors, for example: nothing was learnt about the other side.
    return isCliOpsError(error, 'NO_RESPONDER') && !isGone(error.cause) ? 'answered' : 'gone'
  } finally {
    clearTimeout(timer)
    channel?.close()
  }
}

function waitForPong(channel: RpcChannel, signal: AbortSignal): Promise<PingResult> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve('silent')
    })
    channel.receive({
      onMessage: (message) => {
        if (isPong(message)) resolve('answered')
      },
      onInvalid: () => undefined,
      onDrain: () => undefined,
      onEnd: () => {
        resolve('gone')
      },
      onClose: () => {
        resolve('gone')
      },
    })
    channel.send(createPing())
  })
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK'
}
