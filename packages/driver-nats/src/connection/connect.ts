import type { CliOpsError, DriverOptions } from '@cli-ops/shared-ipc/driver'

import { clientOptions, parseTarget } from './client-options.js'
import { connectError } from './engine-error.js'
import { Wire } from './wire.js'

/**
 * Connects to the first server of a URL that answers.
 *
 * @param onEnd called when the connection has ended
 * @throws CliOpsError `ENGINE_UNAVAILABLE`, `FORBIDDEN`
 */
export async function connectToAny(
  options: DriverOptions,
  signal: AbortSignal,
  onEnd: () => void,
): Promise<Wire> {
  const target = parseTarget(options.url)
  let failure: CliOpsError | undefined
  for (const server of target.servers) {
    signal.throwIfAborted()
    try {
      return await Wire.open(clientOptions(options, target, server), signal, onEnd)
    } catch (error) {
      const reason = connectError(options.url, error)
      // A refusal says more than a server that is down.
      if (failure === undefined || reason.code !== 'ENGINE_UNAVAILABLE') failure = reason
    }
  }
  throw failure ?? new TypeError('a URL must name a server')
}
