import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node'

const dialled = new AsyncLocalStorage<Socket[]>()
subscribe('net.client.socket', (message) => {
  dialled.getStore()?.push((message as { readonly socket: Socket }).socket)
})

/**
 * Connects. The client library gives up a server that accepts the connection and says nothing, but leaves its socket open, which would
 * keep the process alive: the library's sockets are noted as they are created, and destroyed if connecting fails.
 */
export async function dial(options: ConnectionOptions): Promise<NatsConnection> {
  const sockets: Socket[] = []
  try {
    return await dialled.run(sockets, () => connect(options))
  } catch (error) {
    for (const socket of sockets) socket.destroy()
    throw error
  }
}
