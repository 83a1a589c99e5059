import { CliOpsError } from '../../base/errors/cli-ops-error.js'
import type { RpcChannel, RpcDriver, RpcLimits } from '../../rpc/contract/rpc-driver.js'
import { MemoryChannel } from './memory-channel.js'

interface Listener {
  readonly accept: (channel: RpcChannel) => void
  readonly limits: RpcLimits
}

/** Creates a request transport inside this process. */
export function createMemoryRpc(): RpcDriver {
  const listeners = new Map<string, Listener>()
  let count = 0
  return {
    listen: ({ instance }, accept, limits) => {
      count += 1
      const endpoint = `memory:${instance}-${count}`
      listeners.set(endpoint, { accept, limits })
      const closeSync = (): void => {
        listeners.delete(endpoint)
      }
      return {
        endpoint,
        close: () => {
          closeSync()
          return Promise.resolve()
        },
        closeSync,
        ref: () => undefined,
        unref: () => undefined,
      }
    },
    connect: (endpoint, limits, signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error)
      const listener = listeners.get(endpoint)
      if (listener === undefined) {
        return Promise.reject(new CliOpsError('NO_RESPONDER', `nobody answers at ${endpoint}`))
      }
      const [client, server] = MemoryChannel.pair(limits, listener.limits)
      listener.accept(server)
      return Promise.resolve(client)
    },
  }
}
