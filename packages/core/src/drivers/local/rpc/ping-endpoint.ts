import { isCliOpsError } from '../../../base/errors/cli-ops-error.js'
import { createPing, isPong } from '../../../rpc/contract/ping.js'
import type { RpcChannel } from '../../../rpc/contract/rpc-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { openChannel } from './local-rpc.js'
import { ownTime } from './own-time.js'
import { onAbort } from '../../../base/wait/abort-signal.js'

const LIMITS = { maxMessageBytes: 64 * 1024, maxUnreadBytes: 64 * 1024 }

/** An instance is silent once it has left two pings unanswered, each for this long. */
const LOOK_MS = 300

/** The result of a ping: an answer, a listener that does not answer, or no listener. */
export type PingResult = 'answered' | 'silent' | 'gone'

/**
 * Pings the listener at an endpoint, twice. Only time during which this process runs counts: answers that arrived while it was
 * busy are in time. Never rejects.
 */
export async function pingEndpoint(endpoint: string, fileSystem: FileSystem): Promise<PingResult> {
  const abort = new AbortController()
  let channel: RpcChannel | undefined
  const stop = ownTime(LOOK_MS, () => {
    // All pings have the same id, so any answer counts.
    channel?.send(createPing())
    return ownTime(LOOK_MS, () => {
      abort.abort()
    })
  })
  try {
    channel = await openChannel(endpoint, LIMITS, abort.signal, fileSystem)
    return await waitForPong(channel, abort.signal)
  } catch (error) {
    if (abort.signal.aborted) return 'silent'
    // Out of descriptors, for example: that says nothing about the other side.
    return isCliOpsError(error, 'NO_RESPONDER') && !isGone(error.cause) ? 'answered' : 'gone'
  } finally {
    stop()
    channel?.close()
  }
}

function waitForPong(channel: RpcChannel, signal: AbortSignal): Promise<PingResult> {
  return new Promise((resolve) => {
    onAbort(signal, () => {
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
