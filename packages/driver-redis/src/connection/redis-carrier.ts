import type { DriverOptions, LinkCarrier } from '@cli-ops/shared-ipc/driver'

import { connectToPrimary, endNow, type RedisNode } from './connect.js'
import { engineError } from './engine-error.js'
import type { NodeLocation } from './node-location.js'
import { judgeReply } from './reply-verdict.js'

/** Creates the driver's connections, all to the current node, and acts on error replies. */
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
      // All keys of a namespace are in one slot, so one node is enough.
      if (verdict?.kind === 'moved') location.move(verdict)
      // If several calls find out about one connection, the first leaves.
      if (verdict?.kind === 'leave' && node !== undefined) location.leave()
      return verdict !== undefined
    },
  }
}
