import type { Redis } from 'ioredis'

import type { NodeAddress } from './client-options.js'

/** The nodes of a cluster, as one of them has it; none where it may not be asked. */
export async function clusterNodes(client: Redis): Promise<NodeAddress[]> {
  const slots = (await client.call('CLUSTER', 'SLOTS').catch(() => [])) as unknown[]
  return slots.flatMap((range) =>
    (range as unknown[]).slice(2).flatMap((node) => {
      const [host, port] = node as [unknown, unknown]
      return typeof host === 'string' && host !== '' ? [{ host, port: Number(port) }] : []
    }),
  )
}
