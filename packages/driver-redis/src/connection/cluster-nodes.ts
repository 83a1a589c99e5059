import type { Redis } from 'ioredis'

import type { NodeAddress } from './client-options.js'

/** Returns a cluster's nodes as one of them reports them, or none if the user may not ask. */
export async function clusterNodes(client: Redis): Promise<NodeAddress[]> {
  const slots = (await client.call('CLUSTER', 'SLOTS').catch(() => [])) as unknown[]
  return slots.flatMap((range) =>
    (range as unknown[]).slice(2).flatMap((node) => {
      const [host, port] = node as [unknown, unknown]
      return typeof host === 'string' && host !== '' ? [{ host, port: Number(port) }] : []
    }),
  )
}
