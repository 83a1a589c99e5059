import type { Driver, DriverOptions, Primitive } from '../driver.js'
import { createLocalEvents } from './events/local-events.js'
import { nodeFileSystem } from './file-system.js'
import { Home } from './home.js'
import { createLocalLocks } from './locks/local-locks.js'
import { createLocalRegistry } from './registry/local-registry.js'
import { createLocalRpc } from './rpc/local-rpc.js'

/** Makes the default driver: files in the home directory, Unix sockets or named pipes for requests. */
export function createLocalDriver(options: DriverOptions): Driver {
  const home = new Home(options.home, options.namespace, nodeFileSystem)
  // A command that takes no lock builds no lock driver: the parts are made at first use.
  const made: { -readonly [Part in Primitive]?: NonNullable<Driver[Part]> } = {}
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
      return (made.locks ??= createLocalLocks(home))
    },
    get events() {
      return (made.events ??= createLocalEvents(home))
    },
    get registry() {
      return (made.registry ??= createLocalRegistry(home))
    },
    get rpc() {
      return (made.rpc ??= createLocalRpc(home))
    },
    close: () => Promise.resolve(),
  }
}
