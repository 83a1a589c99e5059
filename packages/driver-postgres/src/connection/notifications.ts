import type { ChannelCarrier, DriverOptions } from '@cli-ops/shared-ipc/driver'
import type { Client } from 'pg'

import { classId } from '../schema/class-id.js'
import { connectToPrimary, endNow } from './connect.js'
import { engineError } from './engine-error.js'

/** The connection on which a driver listens on its channels. While it exists, others know that the driver is listening. */
export function notifications(options: DriverOptions, driverId: string): ChannelCarrier<Client> {
  const { url, timeoutMs, leaseMs } = options
  return {
    timeoutMs,
    leaseMs,
    open: (signal, onEnd) => connectToPrimary(options, driverId, signal, onEnd),
    end: endNow,
    toError: (reason) => engineError(url, reason),
    onMessage: (client, listener) => {
      client.on('notification', ({ channel, payload = '' }) => {
        listener(channel, payload)
      })
    },
    subscribe: async (client, channel) => {
      await client.query(`listen "${channel}"`)
      // From now on frames reach it.
      if (channel === inboxChannel(driverId))
        await client.query(`select pg_advisory_lock_shared(${classId('inbox')}, hashtext($1))`, [
          driverId,
        ])
    },
    unsubscribe: (client, channel) => client.query(`unlisten "${channel}"`),
    ping: (client) => client.query('select'),
  }
}

/** Returns the channel that reaches one driver. */
export function inboxChannel(driverId: string): string {
  return `cli_ops_to_${driverId}`
}
