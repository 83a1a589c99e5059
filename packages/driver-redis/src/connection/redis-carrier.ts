import type { DriverOptions, LinkCarrier } from '@cli-ops/shared-ipc/driver'

import { connectToPrimary, endNow, type RedisNode } from './connect.js'
import { engineError } from './engine-error.js'
import type { NodeLocation } from './node-location.js'
import { judgeReply } from './reply-verdict.js'

/** How the connections of a driver are made, and what error replies ask of it. All of them are to the node that has the location. */
export function redisCarrier(
  options: DriverOptions,
  location: NodeLocation,
): LinkCarrier<RedisNode> {
  const { url, timeoutMs } = options
  return {
    timeoutMs,
    open: (signal, onEnd) => connectToPrimary(options, location, signal, onEnd),
    end: endNow,
    toError: (reason) => engineError(url, reason),
    mayRetry: (reason, node) => {
      const verdict = judgeReply(reason)
      // All keys of a namespace are in one slot, so the node that has it is all that is needed.
      if (verdict?.kind === 'moved') location.move(verdict)
      // Of several calls that find out about one connection, the first leaves.
      if (verdict?.kind === 'leave' && node !== undefined) location.leave()
      return verdict !== undefined
    },
  }
}
