import type {
  Driver,
  DriverOptions,
  EventDriver,
  LockDriver,
  RegistryDriver,
  RpcDriver,
} from '../driver.js'
import { createLocalEvents } from './events/local-events.js'
import { nodeFileSystem } from './file-system.js'
import { Home } from './home.js'
import { createLocalLocks } from './locks/local-locks.js'
import { createLocalRegistry } from './registry/local-registry.js'
import { createLocalRpc } from './rpc/local-rpc.js'

/** Makes the default driver: files in the home directory, Unix sockets or named pipes for requests. */
export function createLocalDriver(options: DriverOptions): Driver {
  const home = new Home(options.home, options.namespace, nodeFileSystem)
  // A command uses one or two of the four, so each is made at its first use.
  let locks: LockDriver | undefined
  let events: EventDriver | undefined
  let registry: RegistryDriver | undefined
  let rpc: RpcDriver | undefined
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
    get locks() {
      return (locks ??= createLocalLocks(home))
    },
    get events() {
      return (events ??= createLocalEvents(home))
    },
    get registry() {
      return (registry ??= createLocalRegistry(home))
    },
    get rpc() {
      return (rpc ??= createLocalRpc(home))
    },
    close: () => Promise.resolve(),
  }
}
