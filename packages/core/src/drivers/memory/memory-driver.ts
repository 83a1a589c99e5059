import type { Driver, EventDriver, LockDriver, RegistryDriver, RpcDriver } from '../driver.js'
import { createMemoryEvents } from './memory-events.js'
import { createMemoryLocks } from './memory-locks.js'
import { createMemoryRegistry } from './memory-registry.js'
import { createMemoryRpc } from './memory-rpc.js'

/** Makes a driver that lives and ends with this process: for tests, and for programs that need no one else. */
export function createMemoryDriver(): Driver {
  let locks: LockDriver | undefined
  let events: EventDriver | undefined
  let registry: RegistryDriver | undefined
  let rpc: RpcDriver | undefined
  return {
    name: 'memory',
    capabilities: {
      leases: false,
      sharedLocks: true,
      synchronous: true,
      replay: true,
      durableGroups: true,
      remote: false,
    },
    get locks() {
      return (locks ??= createMemoryLocks())
    },
    get events() {
      return (events ??= createMemoryEvents())
    },
    get registry() {
      return (registry ??= createMemoryRegistry())
    },
    get rpc() {
      return (rpc ??= createMemoryRpc())
    },
    close: () => Promise.resolve(),
  }
}
