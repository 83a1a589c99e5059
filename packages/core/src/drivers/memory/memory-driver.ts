import type { Driver, Primitive } from '../driver.js'
import { createMemoryEvents } from './memory-events.js'
import { createMemoryLocks } from './memory-locks.js'
import { createMemoryRegistry } from './memory-registry.js'
import { createMemoryRpc } from './memory-rpc.js'

/** Makes a driver that lives and ends with this process: for tests, and for programs that need no one else. */
export function createMemoryDriver(): Driver {
  const made: { -readonly [Part in Primitive]?: NonNullable<Driver[Part]> } = {}
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
      return (made.locks ??= createMemoryLocks())
    },
    get events() {
      return (made.events ??= createMemoryEvents())
    },
    get registry() {
      return (made.registry ??= createMemoryRegistry())
    },
    get rpc() {
      return (made.rpc ??= createMemoryRpc())
    },
    close: () => Promise.resolve(),
  }
}
