import type { ChannelCarrier, ChannelSubscriber, DriverOptions } from '@cli-ops/shared-ipc/driver'

import type { RedisNode } from './connect.js'
import type { NodeLocation } from './node-location.js'
import { redisCarrier } from './redis-carrier.js'

/** Listens on channels. */
export type Subscriber = ChannelSubscriber<RedisNode>

/** The connection on which a driver listens on its channels. */
export function notifications(
  options: DriverOptions,
  location: NodeLocation,
): ChannelCarrier<RedisNode> {
  return {
    ...redisCarrier(options, location),
    leaseMs: options.leaseMs,
    onMessage: ({ client }, listener) => {
      client.on('message', listener)
    },
    subscribe: ({ client }, channel) => client.subscribe(channel),
    unsubscribe: ({ client }, channel) => client.unsubscribe(channel),
    ping: ({ client }) => client.ping(),
  }
}
