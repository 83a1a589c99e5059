import type { ChannelCarrier, ChannelSubscriber, DriverOptions } from '@cli-ops/shared-ipc/driver'

import { connectToAny } from './connect.js'
import { engineError } from './engine-error.js'
import type { Wire } from './wire.js'

/** Listens on subjects. */
export type Subscriber = ChannelSubscriber<Wire>

/**
 * The connection on which a driver listens on its subjects. While it exists, senders know that a message reaches a
 * listener. Messages that a stream has stored arrive as `<sequence> <text>`, all others unchanged.
 */
export function notifications(options: DriverOptions): ChannelCarrier<Wire> {
  const { url, timeoutMs, leaseMs } = options
  let onMessage: ((channel: string, message: string) => void) | undefined
  return {
    timeoutMs,
    leaseMs,
    open: (signal, onEnd) => connectToAny(options, signal, onEnd),
    end: (wire) => {
      wire.end()
    },
    toError: (reason) => engineError(url, reason),
    onMessage: (_wire, listener) => {
      onMessage = listener
    },
    subscribe: (wire, channel) =>
      wire.listen(channel, (text, sequence) => {
        onMessage?.(channel, sequence === undefined ? text : `${sequence} ${text}`)
      }),
    unsubscribe: (wire, channel) => {
      wire.unlisten(channel)
      return Promise.resolve()
    },
    ping: ({ connection }) => connection.flush(),
  }
}
