import type { Driver, DriverOptions } from '../driver.js'
import { createLocalEvents } from './events/local-events.js'
import { nodeFileSystem } from './file-system.js'
import { Home } from './home.js'
import { createLocalLocks } from './locks/local-locks.js'
import { createLocalRegistry } from './registry/local-registry.js'
import { createLocalRpc } from './rpc/local-rpc.js'

/** Makes the default driver: files in the home directory, Unix sockets or named pipes for requests. */
export function createLocalDriver(options: DriverOptions): Driver {
  const home = new Home(options.home, options.namespace, nodeFileSystem)
  return {
    name: 'local',
    capabilities: {
      leases: false,
      sharedLocks: true,
      synchronous: true,
      replay: true,
      durableGroups: true,
      remote: false,
    },
    locks: createLocalLocks(home),
    events: createLocalEvents(home),
    registry: createLocalRegistry(home),
    rpc: createLocalRpc(home),
    close: () => Promise.resolve(),
  }
}
