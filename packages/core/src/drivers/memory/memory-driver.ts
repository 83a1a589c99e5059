import type { Driver } from '../driver.js'
import { createMemoryEvents } from './memory-events.js'
import { createMemoryLocks } from './memory-locks.js'
import { createMemoryRegistry } from './memory-registry.js'
import { createMemoryRpc } from './memory-rpc.js'

/** Makes a driver that lives and ends with this process: for tests, and for programs that need no one else. */
export function createMemoryDriver(): Driver {
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
    locks: createMemoryLocks(),
    events: createMemoryEvents(),
    registry: createMemoryRegistry(),
    rpc: createMemoryRpc(),
    close: () => Promise.resolve(),
  }
}
