import type { RpcChannel } from '../drivers/driver.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'
import { ClientConnection } from './client-connection.js'
import type { ServerFinder } from './find-server.js'
import { onAbort } from '../base/wait/abort-signal.js'
import { createPing, isPong, readPong } from './contract/ping.js'
import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'

/** An instance that is silent for this long counts as hung, and the next one is tried in parallel. */
const SILENT_MS = 300

/**
 * Connects to the first candidate that answers a ping. Sends the candidates nothing but the ping. Resolves to undefined if all of them
 * are gone; rejects with the signal's reason once aborted.
 *
 * @throws CliOpsError `INSECURE_DIRECTORY` if that prevented a ping and no other candidate answered
 */
export function connectToAny(
  finder: ServerFinder,
  candidates: readonly ServiceInfo[],
  signal: AbortSignal,
): Promise<ClientConnection | undefined> {
  if (candidates.length === 0) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const others = new AbortController()
    const rest = candidates.values()
    let left = candidates.length
    /** Why a candidate that was not just gone could not be reached: an insecure directory. */
    let refusal: Error | undefined
    let timer: NodeJS.Timeout | undefined
    const end = (): void => {
      clearTimeout(timer)
      stopListening()
      others.abort(new CliOpsError('NO_RESPONDER', 'another instance was faster'))
    }
    const tryNext = (): void => {
      clearTimeout(timer)
      const next = rest.next()
      if (next.done === true) return
      timer = setTimeout(tryNext, SILENT_MS)
      connectTo(finder, next.value, others.signal).then(
        (connection) => {
          end()
          resolve(connection)
        },
        (error: unknown) => {
          if (!isCliOpsError(error, 'NO_RESPONDER')) refusal ??= error as Error
          left -= 1
          if (left > 0) {
            tryNext()
            return
          }
          end()
          if (refusal === undefined) resolve(undefined)
          else reject(refusal)
        },
      )
    }
    const stopListening = onAbort(signal, () => {
      clearTimeout(timer)
      others.abort(signal.reason)
      reject(signal.reason as Error)
    })
    tryNext()
  })
}

async function connectTo(
  { rpc, limits }: ServerFinder,
  service: ServiceInfo,
  signal: AbortSignal,
): Promise<ClientConnection> {
  const channel = await rpc.connect(service.endpoint ?? '', limits, signal)
  try {
    const pong = readPong(await ping(channel, signal))
    // A server of another instance at this endpoint is not the requested one.
    if (pong !== undefined && pong.instance !== service.instance)
      throw new CliOpsError('NO_RESPONDER', 'another instance answers there')
    return new ClientConnection(channel, {
      label: `${service.name} (pid ${service.pid})`,
      pong,
      maxMessageBytes: limits.maxMessageBytes,
    })
  } catch (error) {
    channel.close()
    throw error
  }
}

function ping(channel: RpcChannel, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      stopListening()
      reject(new CliOpsError('NO_RESPONDER', 'the server went away'))
    }
    channel.receive({
      onMessage: (message) => {
        if (!isPong(message)) return
        stopListening()
        resolve(message)
      },
      onInvalid: gone,
      onDrain: () => undefined,
      onEnd: gone,
      onClose: gone,
    })
    const stopListening = onAbort(signal, () => {
      reject(signal.reason as Error)
    })
    channel.send(createPing())
  })
}
